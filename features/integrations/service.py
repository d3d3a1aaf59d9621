"""Lists integrations, and tries those of the installation: one test of each at a time in a process, none longer than some seconds."""

from __future__ import annotations

import threading
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError

from database import AnyReader, Database
from features.accounts.service import address_of
from infrastructure.check_runner import BackgroundCall, CheckTimeout
from infrastructure.foundation import Foundation
from infrastructure.integration import Connector, IntegrationFailed, Steps, Wish
from models.access import Principal, Scope
from models.integration import Integration, IntegrationBusy, IntegrationNotFound, IntegrationOff, NoAddress, Tested

log = structlog.get_logger(__name__)

SECONDS = 15.0  # that whoever asked waits for a test


def list_integrations(foundation: Foundation, reader: AnyReader, caller: Principal) -> list[Integration]:
    """What a caller may know: an administrator's organization, and of the installation what is there; operators see more of that."""
    own: list[Integration] = []
    if Scope.ADMIN in caller.scopes:
        own = [each for feature in foundation.features for each in feature.integrations(foundation, reader, caller.org_id)]
    shared = [each.integration() for each in _connectors(foundation)]
    return own + (shared if caller.is_operator else [each.outline() for each in shared])


def own_address(database: Database, caller: Principal) -> str:
    """The address of the person who calls. Raises NoAddress for a key."""
    if caller.user_id is None or not caller.is_in_person:
        raise NoAddress
    with database.reader() as reader:
        return address_of(reader, caller.user_id)


class Trials:
    """The tests of a process. Thread-safe."""

    def __init__(self, foundation: Foundation, seconds: float = SECONDS) -> None:
        self._foundation, self._seconds = foundation, seconds
        self._lock = threading.Lock()
        self._running: dict[str, BackgroundCall[str]] = {}

    def run(self, name: str, wish: Wish) -> Tested:
        """Try an integration; how it went is an answer, not an exception.

        Raises IntegrationNotFound, IntegrationOff, or IntegrationBusy while the last test has not ended, which may be after its answer.
        """
        connector = next((each for each in _connectors(self._foundation) if each.name == name and each.try_it is not None), None)
        if connector is None or connector.try_it is None:
            raise IntegrationNotFound
        found = connector.integration()
        if not found.is_configured:
            raise IntegrationOff(found.title, found.settings)
        steps = Steps()
        call = self._start(connector, partial(connector.try_it, steps, wish))
        ok, detail = self._outcome(connector, call)
        tested = Tested(name, ok, round(call.seconds, 3), detail, steps.so_far())
        log.info("integration tested", integration=name, ok=ok, seconds=tested.seconds)
        return tested

    def _start(self, connector: Connector, call: partial[str]) -> BackgroundCall[str]:
        with self._lock:
            former = self._running.get(connector.name)
            if former is not None and former.ended is None:
                raise IntegrationBusy
            self._running[connector.name] = begun = BackgroundCall(call, f"integration-{connector.name}")
            return begun

    def _outcome(self, connector: Connector, call: BackgroundCall[str]) -> tuple[bool, str]:
        try:
            return True, call.value(self._seconds)
        except CheckTimeout:
            waited = f"It did not answer within {self._seconds:.0f} s."
            return False, f"{waited} See that host and port are right, and that no firewall is between."
        except IntegrationFailed as error:
            return False, str(error)
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 — any error is an outcome
            # Of an unknown error the class alone: its text may quote an address with a password.
            log.warning("integration test failed unexpectedly", integration=connector.name, reason=type(error).__name__)
            return False, f"It failed in a way that is not known ({type(error).__name__}). Check its settings."


def _connectors(foundation: Foundation) -> list[Connector]:
    return [each for feature in foundation.features for each in feature.connectors(foundation)]
