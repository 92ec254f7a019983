"""Infrastructure-as-code for exchange accounts.

    workspace = acctcfg.load(Path("."), os.environ)
    plan = await acctcfg.plan(workspace)
    outcome = await acctcfg.apply(workspace, approve=lambda plan: True)

Names are imported when they are first used.
"""

__version__ = "0.1.0"

TYPE_CHECKING = False  # type checkers know the name; typing itself would cost every start of the program

if TYPE_CHECKING:
    from acctcfg.core.outcome import Outcome, StepResult
    from acctcfg.core.plan import Plan, Precheck, Step
    from acctcfg.engine.apply import apply
    from acctcfg.engine.plan import make_plan as plan
    from acctcfg.engine.workspace import Workspace
    from acctcfg.errors import (
        AcctcfgError,
        AuthRefused,
        Blocked,
        Busy,
        ConfigError,
        Garbled,
        JournalError,
        LockHeld,
        Maintenance,
        ManifestError,
        OutcomeUnknown,
        PlanStale,
        Problem,
        RateLimited,
        Refused,
        StoreError,
        TokenOver,
        Unreachable,
        UsageError,
        VenueBug,
        VenueError,
    )

    load = Workspace.load

__all__ = [
    "AcctcfgError",
    "AuthRefused",
    "Blocked",
    "Busy",
    "ConfigError",
    "Garbled",
    "JournalError",
    "LockHeld",
    "Maintenance",
    "ManifestError",
    "Outcome",
    "OutcomeUnknown",
    "Plan",
    "PlanStale",
    "Precheck",
    "Problem",
    "RateLimited",
    "Refused",
    "Step",
    "StepResult",
    "StoreError",
    "TokenOver",
    "Unreachable",
    "UsageError",
    "VenueBug",
    "VenueError",
    "Workspace",
    "__version__",
    "apply",
    "load",
    "plan",
]

# name -> where it is; whatever is not listed is an error
_ELSEWHERE = {
    "Outcome": "acctcfg.core.outcome:Outcome",
    "Plan": "acctcfg.core.plan:Plan",
    "Precheck": "acctcfg.core.plan:Precheck",
    "Step": "acctcfg.core.plan:Step",
    "StepResult": "acctcfg.core.outcome:StepResult",
    "Workspace": "acctcfg.engine.workspace:Workspace",
    "apply": "acctcfg.engine.apply:apply",
    "load": "acctcfg.engine.workspace:Workspace.load",
    "plan": "acctcfg.engine.plan:make_plan",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'acctcfg' has no attribute {name!r}")
    from functools import reduce
    from importlib import import_module

    module, _, path = _ELSEWHERE.get(name, f"acctcfg.errors:{name}").partition(":")
    value = reduce(getattr, path.split("."), import_module(module))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
