"""The SCIM target against three third-party servers that really run."""

from __future__ import annotations

import pytest

from connectors.scim.settings import BearerToken, ScimSettings
from syncd.core.secret import Secret
from tests.contract.target_contract import DEPARTMENT, MOBILE, WORK, TargetContract
from tests.servers import RunningServer


def settings_for(server: RunningServer) -> ScimSettings:
    return ScimSettings(name=server.name, url=server.url, auth=BearerToken(token=Secret(server.token)))


class TestScim2Server(TargetContract):
    @pytest.fixture
    def settings(self, scim2_server: RunningServer) -> ScimSettings:
        return settings_for(scim2_server)


class TestDjangoScim2(TargetContract):
    lost = frozenset({"externalId", WORK, MOBILE, DEPARTMENT, "title"})

    @pytest.fixture
    def settings(self, django_scim2: RunningServer) -> ScimSettings:
        return settings_for(django_scim2)


class TestScimmy(TargetContract):
    @pytest.fixture
    def settings(self, scimmy: RunningServer) -> ScimSettings:
        return settings_for(scimmy)
