"""Databasin's ways to authenticate, by the numbers that `connectorAuthType` holds."""

import re

from apps.errors import Invalid

BASIC, TOKEN, S3_KEYS, API_KEY, PASSWORD, USER_TOKEN, API_TOKEN, BEARER, ACCESS_TOKEN, NONE = (
    2, 6, 7, 8, 12, 16, 18, 20, 21, 22,
)  # fmt: skip
NAMES: dict[int, str] = {
    1: "OAuth",
    BASIC: "Basic",
    3: "Azure Access Key",
    4: "Azure SAS",
    5: "Azure Service Principal",
    TOKEN: "Personal Access Token",
    S3_KEYS: "S3 Access Key And Secret",
    API_KEY: "API Key",
    9: "NTLM",
    10: "AzureAD",
    11: "Account Key",
    PASSWORD: "Password",
    13: "Server",
    14: "Azure Service Principal Extended",
    15: "ADLS Gen2 SSL",
    USER_TOKEN: "User Token",
    17: "OAuth (Box)",
    API_TOKEN: "API Token",
    19: "Fabric Workspace Identity",
    BEARER: "Bearer Token",
    ACCESS_TOKEN: "Access Token",
    NONE: "None",
}
SHORTEST_BEGINNING = 4
TOKENS = (TOKEN, USER_TOKEN, API_TOKEN, BEARER, ACCESS_TOKEN)


def auth_type(said: object, allowed: tuple[int, ...]) -> int:
    """The number that is meant, by number, name or the beginning of a name ("bearer"); the first allowed one where
    nothing is said. Raises Invalid."""
    if said in (None, "", 0):
        return allowed[0]
    found = next((number for number in allowed if _is_meant(str(said), number)), None)
    if found is None:
        named = ", ".join(f"{number} ({NAMES[number]})" for number in allowed)
        raise Invalid(f"connectorAuthType is one of {named} here.", field="connectorAuthType")
    return found


def _is_meant(said: str, number: int) -> bool:
    name, squeezed = (re.sub("[^a-z0-9]", "", text.lower()) for text in (NAMES[number], said))
    return (
        said == str(number) or squeezed == name or (len(squeezed) >= SHORTEST_BEGINNING and name.startswith(squeezed))
    )
