"""What OpenAPI says of connectors: the documents that come in, and those that go out."""

from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from apps.dialects.lists import Values

TAGS = ["Databasin: connectors"]
SENT: Values = {
    "connectorName": "Production MySQL",
    "connectorType": "RDBMS",
    "connectorHost": "mysql.example.com",
    "connectorPort": "3306",
    "connectorDatabaseName": "analytics",
    "connectorUsername": "databasin_user",
    "connectorPassword": "secure_password",
    "connectorAuthType": 2,
    "institutionID": 1,
    "internalID": "proj-001",
    "ownerID": 456,
}
LISTED: Values = {
    "connectorID": 123,
    "connectorName": "Production MySQL",
    "connectorType": "RDBMS",
    "connectorSubType": "MySQL",
    "connectorTechnology": "mysql",
    "connectorHost": "mysql.example.com",
    "connectorPort": "3306",
    "connectorDatabaseName": "analytics",
    "institutionID": 1,
    "internalID": "proj-001",
    "ownerID": 456,
    "active": True,
    "isActive": 1,
    "status": "active",
    "connectorHealthStatus": "active",
    "createdDate": "2025-01-15T10:30:00Z",
    "lastModifiedDate": "2025-01-20T14:45:00Z",
    "createdAt": "2025-01-15T10:30:00Z",
    "updatedAt": "2025-01-20T14:45:00Z",
}
SHOWN: Values = {
    **LISTED,
    "connectorUsername": "databasin_user",
    "connectorCatalogName": "",
    "connectorAuthType": 2,
    "connectorMaxConnections": 8,
    "connectorAdditionalDetails": "sslmode=prefer",
    "configuration": {
        "host": "mysql.example.com",
        "port": 3306,
        "database": "analytics",
        "username": "databasin_user",
        "sslmode": "prefer",
    },
    "allowQuery": False,
    "statusMessage": "",
    "lastTestedDate": "2025-01-15T10:31:00Z",
}
CREATED: Values = {**SHOWN, "message": "Connector created successfully", "status": "success"}
UPDATED: Values = {**SHOWN, "message": "Connector updated successfully", "status": "success"}
DELETED = {"message": "Connector deleted successfully", "status": "success"}
JOB = {"status": "success", "message": "The test goes on: poll the job.", "jobId": "5e03061cda20740022300f09"}
WORKS: Values = {
    "success": True,
    "status": "success",
    "message": "Connection test successful",
    "details": {"connectorType": "RDBMS", "testDuration": "1.2s"},
}
REFUSED: Values = {
    "success": False,
    "status": "error",
    "message": "Connection failed: The database refused the user 'databasin_user' or the password.",
    "error": "Authentication failure",
    "details": {"connectorType": "RDBMS", "testDuration": "0.1s"},
}


def sends(body: Any) -> OpenApiExample:
    return OpenApiExample("Request", body, request_only=True)


def answers(body: Any, name: str = "Answer", status: int = 200) -> OpenApiExample:
    return OpenApiExample(name, body, response_only=True, status_codes=[str(status)])


class ConnectorSummary(serializers.Serializer[Any]):
    connectorID = serializers.IntegerField()
    connectorName = serializers.CharField(help_text="3 to 255 characters.")
    connectorType = serializers.CharField(
        help_text="The category: RDBMS, Big Data & NoSQL or File & API; its number, and `database` or `file` are "
        "understood as well."
    )
    connectorSubType = serializers.CharField(
        help_text="As the files of types name it. Left out, it is told from the port, the host and the name."
    )
    connectorTechnology = serializers.CharField()
    connectorHost = serializers.CharField(allow_blank=True)
    connectorPort = serializers.CharField(allow_blank=True)
    connectorDatabaseName = serializers.CharField(allow_blank=True)
    institutionID = serializers.IntegerField(help_text="The organisation; 0: the caller's.")
    internalID = serializers.CharField(allow_blank=True, help_text='The project; "": none, or that of the key.')
    ownerID = serializers.IntegerField(help_text="A member of the organisation; anybody else: the caller.")
    active = serializers.BooleanField(help_text="false switches it off: no pipeline runs over it.")
    isActive = serializers.IntegerField()
    status = serializers.CharField(help_text="active, inactive (switched off) or error (offline).")
    connectorHealthStatus = serializers.CharField(help_text="The same, and pending before its first test.")
    createdDate = serializers.CharField()
    lastModifiedDate = serializers.CharField()
    createdAt = serializers.CharField()
    updatedAt = serializers.CharField()


class ConnectorShown(ConnectorSummary):
    """Whatever else its driver has a key for, or was kept, is shown as well."""

    connectorUsername = serializers.CharField(allow_blank=True)
    connectorCatalogName = serializers.CharField(allow_blank=True)
    connectorAuthType = serializers.IntegerField()
    connectorMaxConnections = serializers.IntegerField(help_text="1 to 100; kept and shown.")
    connectorAdditionalDetails = serializers.CharField(allow_blank=True, help_text="`k=v&k=v`")
    connectorSchema = serializers.CharField(required=False)
    connectorStorageAccountName = serializers.CharField(required=False, help_text="Also the bucket.")
    connectorContainerName = serializers.CharField(required=False)
    fileFolderName = serializers.CharField(required=False)
    storageCredentialsConnectorID = serializers.IntegerField(required=False)
    storageCredentialsExternalTables = serializers.BooleanField(required=False)
    httpPath = serializers.CharField(required=False)
    warehouse = serializers.CharField(required=False)
    isPrivate = serializers.IntegerField(required=False)
    oauthClientId = serializers.CharField(required=False)
    oauthRedirectUri = serializers.CharField(required=False)
    oauthScopes = serializers.CharField(required=False)
    oauthAuthorizationUrl = serializers.CharField(required=False)
    oauthTokenUrl = serializers.CharField(required=False)
    oauthAutoRefresh = serializers.BooleanField(required=False)
    configuration = serializers.DictField(help_text="The settings by the names that the driver has for them.")
    allowQuery = serializers.BooleanField(help_text="Whether SQL may be run over it; owners and admins decide.")
    statusMessage = serializers.CharField(allow_blank=True, help_text="Why it is not active.")
    lastTestedDate = serializers.CharField(allow_null=True)


class ConnectorStored(ConnectorShown):
    message = serializers.CharField()


class ConnectorSent(serializers.Serializer[Any]):
    """Flat, or with the settings in `configuration`; any other key of a connector that is shown is understood."""

    connectorName = serializers.CharField()
    connectorType = serializers.CharField()
    connectorSubType = serializers.CharField(required=False)
    connectorHost = serializers.CharField(required=False)
    connectorPort = serializers.CharField(required=False)
    connectorDatabaseName = serializers.CharField(required=False)
    connectorUsername = serializers.CharField(required=False)
    connectorPassword = serializers.CharField(required=False)
    connectorAuthType = serializers.IntegerField(required=False)
    connectorAdditionalDetails = serializers.CharField(required=False)
    connectorMaxConnections = serializers.IntegerField(required=False)
    configuration = serializers.DictField(required=False)
    institutionID = serializers.IntegerField(required=False)
    internalID = serializers.CharField(required=False)
    ownerID = serializers.IntegerField(required=False)
    allowQuery = serializers.BooleanField(required=False)
    active = serializers.BooleanField(required=False)


class ConnectorNamed(serializers.Serializer[Any]):
    connectorID = serializers.IntegerField()


class ConnectorDeleted(serializers.Serializer[Any]):
    message = serializers.CharField()
    status = serializers.CharField()


class ConnectorTestDetails(serializers.Serializer[Any]):
    connectorType = serializers.CharField()
    testDuration = serializers.CharField()


class ConnectorTestOutcome(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    status = serializers.ChoiceField(["success", "error"])
    message = serializers.CharField()
    error = serializers.CharField(required=False, help_text="What it is in two words, where it failed.")
    details = ConnectorTestDetails()


class ConnectorTestWaiting(serializers.Serializer[Any]):
    status = serializers.CharField()
    message = serializers.CharField()
    jobId = serializers.CharField(help_text="Poll `/api/jobs/{jobId}`.")
