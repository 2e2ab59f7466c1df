"""The part of SARIF 2.1.0 that ccheck writes, as JSON Schema, stricter than the standard's own.

The numbers are sections of the standard (OASIS, SARIF 2.1.0 plus errata 01). Properties that ccheck does not
write are refused, so that a new one is looked up before it is used.
"""

from __future__ import annotations

from typing import Any


def _object(required: str, optional: str = "", **properties: Any) -> dict[str, Any]:
    """An object of these properties and no others, names split by spaces; the unlisted are text."""
    names = [*required.split(), *optional.split()]
    assert set(properties) <= set(names)
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required.split(),
        "properties": {name: properties.get(name, {"type": "string", "minLength": 1}) for name in names},
    }


def _array(items: Any, *, unique: bool = False) -> dict[str, Any]:
    return {"type": "array", "items": items, "uniqueItems": unique}


_INDEX = {"type": "integer", "minimum": 0}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
# RFC 3986: no space, no control, no backslash, only whole percent escapes. Empty names a file called "".
_URI = {"type": "string", "pattern": r"^(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-F]{2})+$"}

_MESSAGE = _object("text", "markdown")  # 3.11
_ARTIFACT_LOCATION = _object("uri", "index", uri=_URI, index=_INDEX)  # 3.4
_REGION = {  # 3.30: a region is of bytes or of lines
    "oneOf": [
        _object("byteOffset byteLength", byteOffset=_INDEX, byteLength=_INDEX),
        _object("startLine", startLine={"type": "integer", "minimum": 1}),
    ]
}
_PHYSICAL = _object("artifactLocation", "region", artifactLocation=_ARTIFACT_LOCATION, region=_REGION)  # 3.29
_LOGICAL = _object("fullyQualifiedName kind")  # 3.33
_LOCATION = _object(  # 3.28
    "",
    "id message physicalLocation logicalLocations",
    id=_INDEX,
    message=_MESSAGE,
    physicalLocation=_PHYSICAL,
    logicalLocations=_array(_LOGICAL, unique=True),
)
_REFERENCE = _object("id index", id={"type": "string"}, index=_INDEX)  # 3.52
_NOTIFICATION = _object(  # 3.58
    "descriptor level message",
    "locations associatedRule",
    descriptor=_REFERENCE,
    level=_LEVEL,
    message=_MESSAGE,
    locations=_array(_LOCATION),
    associatedRule=_REFERENCE,
)
_DESCRIPTOR = _object(  # 3.49
    "id",
    "shortDescription fullDescription help defaultConfiguration",
    id={"type": "string"},
    shortDescription=_MESSAGE,
    fullDescription=_MESSAGE,
    help=_MESSAGE,
    defaultConfiguration=_object("level", level=_LEVEL),  # 3.50
)
_SUPPRESSION = _object(  # 3.35
    "kind status justification", kind={"enum": ["inSource", "external"]}, status={"const": "accepted"}
)
_RESULT = _object(  # 3.27
    "ruleId ruleIndex level message locations partialFingerprints",
    "relatedLocations suppressions",
    ruleId={"type": "string"},
    ruleIndex=_INDEX,
    level=_LEVEL,
    message=_MESSAGE,
    locations=_array(_LOCATION),
    partialFingerprints={"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1},
    relatedLocations=_array(_LOCATION, unique=True),
    suppressions=_array(_SUPPRESSION, unique=True),
)
_ARTIFACT = _object(  # 3.24
    "location length roles mimeType",
    "hashes",
    location=_object("uri", uri=_URI),
    length={"type": "integer", "minimum": 0},
    roles=_array({"const": "analysisTarget"}, unique=True),
    hashes=_object("sha-256", "", **{"sha-256": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}),
)
_DRIVER = _object(  # 3.19
    "name version rules notifications",
    version={"type": "string"},
    rules=_array(_DESCRIPTOR, unique=True),
    notifications=_array(_DESCRIPTOR, unique=True),
)
_INVOCATION = _object(  # 3.20
    "executionSuccessful toolConfigurationNotifications toolExecutionNotifications",
    executionSuccessful={"type": "boolean"},
    toolConfigurationNotifications=_array(_NOTIFICATION),
    toolExecutionNotifications=_array(_NOTIFICATION),
)
_RUN = _object(  # 3.14
    "tool invocations artifacts results",
    tool=_object("driver", driver=_DRIVER),
    invocations=_array(_INVOCATION),
    artifacts=_array(_ARTIFACT, unique=True),
    results=_array(_RESULT),
)
SHAPE = _object("$schema version runs", version={"const": "2.1.0"}, runs=_array(_RUN))  # 3.13
"""JSON Schema of a log."""
