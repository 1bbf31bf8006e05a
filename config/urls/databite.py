from django.urls import path

from apps.flows.api.databite import HealthView, StatusView

urlpatterns = [
    path("api/health", HealthView.as_view()),
    path("api/status", StatusView.as_view()),
]
