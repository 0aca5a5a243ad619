"""Whether the parts that a config names exist, and take the arguments that it gives them."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from pydoc import ErrorDuringImport, locate
from typing import Any

from monai.bundle.config_item import ComponentLocator, ConfigComponent

__all__ = ["taken_arguments", "target_misfits"]

LOCATOR = ComponentLocator()
NO_ARGUMENTS = ConfigComponent.non_arg_keys


def target_misfits(component: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with a component: there is no such part, or it does not take its arguments.

    The part is imported, so look at :func:`medssl.checks.foreign_code` first.

    Args:
        component: part of a config with a ``_target_`` that is no expression.
    """
    target = component["_target_"]
    several = LOCATOR.get_component_module_name(target)
    if isinstance(several, list):
        yield f"{target} is the name of several parts of MONAI: {several}"
    found = _located(component)
    if not callable(found):
        yield f"{target} cannot be located"
        return
    arguments = dict.fromkeys(component.keys() - NO_ARGUMENTS)
    try:
        signature = inspect.signature(found)
        (signature.bind_partial if component.get("_mode_") == "callable" else signature.bind)(**arguments)
    except TypeError as error:
        yield f"{target}: {error}"
    except ValueError:  # built-in, without a signature
        return
    if inspect.isclass(found) and (unknown := arguments.keys() - _accepted(found, signature, otherwise=arguments)):
        yield f"{target} does not take {sorted(unknown)}"


def taken_arguments(component: Mapping[str, Any]) -> set[str]:
    """Names of the arguments that a component's part takes; none if that cannot be known.

    Args:
        component: part of a config with a ``_target_`` that is no expression.
    """
    found = _located(component)
    try:
        signature = inspect.signature(found) if callable(found) else None
    except ValueError:
        return set()
    if signature is None:
        return set()
    return _accepted(found, signature) if inspect.isclass(found) else {*signature.parameters}


def _located(component: Mapping[str, Any]) -> Any:
    try:
        return locate(ConfigComponent(component, locator=LOCATOR).resolve_module_name())
    except ErrorDuringImport:
        return None


def _accepted(found: type, signature: inspect.Signature, *, otherwise: Iterable[str] = ()) -> set[str]:
    """Names that a class takes, its bases' included as long as each hands the rest on by ``**kwargs``."""
    names: set[str] = set()
    owners = [
        inspect.signature(vars(owner)["__init__"]) for owner in inspect.getmro(found) if "__init__" in vars(owner)
    ]
    for owner in [signature, *owners[:-1]]:  # the last is object
        names |= owner.parameters.keys()
        if all(parameter.kind != parameter.VAR_KEYWORD for parameter in owner.parameters.values()):
            return names
    return set(otherwise)
