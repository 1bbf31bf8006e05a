/* Loaded before the C library: the wall clock is CLOCK_OFFSET seconds off, and timers are left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long offset(void) {
    const char *text = getenv("CLOCK_OFFSET");
    return text ? atol(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *moment) {
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int failure = real(clock, moment);
    if (!failure && clock == CLOCK_REALTIME) moment->tv_sec += offset();
    return failure;
}

int gettimeofday(struct timeval *restrict moment, void *restrict zone) {
    int (*real)(struct timeval *, void *) = dlsym(RTLD_NEXT, "gettimeofday");
    int failure = real(moment, zone);
    if (!failure) moment->tv_sec += offset();
    return failure;
}

time_t time(time_t *moment) {
    time_t (*real)(time_t *) = dlsym(RTLD_NEXT, "time");
    time_t now = real(NULL) + offset();
    if (moment) *moment = now;
    return now;
}
