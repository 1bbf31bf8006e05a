from django.urls import path
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerView

from apps.accounts.admin.hand_over import hand_over
from apps.accounts.api.platform import RefreshView, TokenView
from apps.jobs.api.platform import JobEventsView, JobView, ReadinessView
from config.schema import schema
from config.site import guarded

urlpatterns = [
    path("readyz", ReadinessView.as_view()),
    path("login", guarded(hand_over), name="hand_over"),
    path("api/token", TokenView.as_view()),
    path("api/token/refresh", RefreshView.as_view()),
    path("api/jobs/<uid:uid>", JobView.as_view()),
    path("api/jobs/<uid:uid>/events", JobEventsView.as_view()),
    path("api/schema", schema, name="schema"),
    path("api/schema/<slug:dialect>", schema, name="schema-of-dialect"),
    path("docs", SpectacularSwaggerView.as_view(url_name="schema", authentication_classes=()), name="docs"),
    path("docs/redoc", SpectacularRedocView.as_view(url_name="schema", authentication_classes=()), name="redoc"),
]
