"""Putting replacements in the place of another library's attributes, all of them or none."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

from ..errors import CompatError, UnsupportedVersion

__all__ = ["DropIn", "Guard", "Replacement"]

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Replacement:
    """What shall stand for an attribute of a module or a class.

    Attributes:
        owner: the module or the class.
        name: the attribute's name.
        value: what stands there while the drop-in is installed.
    """

    owner: Any
    name: str
    value: object

    @property
    def present(self) -> object:
        """What stands there now, in the owner itself."""
        return vars(self.owner).get(self.name, _ABSENT)

    def put(self, value: object) -> None:
        """Let something stand there."""
        if value is _ABSENT:
            delattr(self.owner, self.name)
        else:
            setattr(self.owner, self.name, value)


class DropIn:
    """Our decoder in one library's place, to be installed and uninstalled."""

    def __init__(self, library: str, plan: Callable[[], Sequence[Replacement]]) -> None:
        self._library = library
        self._plan = plan
        self._standing: Sequence[Replacement] = ()
        self._undo = ExitStack()

    def __repr__(self) -> str:
        return f"<drop-in for {self._library}, {'' if self._standing else 'not '}installed>"

    @property
    def is_installed(self) -> bool:
        """Whether it is installed."""
        return bool(self._standing)

    def install(self) -> None:
        """Let the library decode with gateway-core from its next connection on.

        Connections that are open keep what they have. Does nothing where it is installed already.

        Raises:
            UnsupportedVersion: the library is not built as expected; nothing has been changed.
            ModuleNotFoundError: the library is not there.
        """
        if self._standing:
            return
        replacements = self._plan()
        with ExitStack() as undo:
            for replacement in replacements:
                undo.callback(replacement.put, replacement.present)
                replacement.put(replacement.value)
            self._undo = undo.pop_all()
        self._standing = replacements

    def uninstall(self) -> None:
        """Give the library its own decoder back, from its next connection on.

        Connections that are open go on, inflated by gateway-core until they end. Does nothing where
        nothing is installed.

        Raises:
            CompatError: someone else has replaced the same attributes since; nothing is changed.
        """
        for replacement in self._standing:
            if replacement.present is not replacement.value:
                raise CompatError(
                    f"{_name(replacement.owner)}.{replacement.name} has been replaced by someone "
                    f"else since the drop-in for {self._library} was installed: undo that first"
                )
        self._undo.close()
        self._standing = ()

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Install for the time of a ``with`` block; an inner block leaves the outer one's alone."""
        if self._standing:
            yield
            return
        self.install()
        try:
            yield
        finally:
            self.uninstall()


@dataclass(frozen=True, slots=True)
class Guard:
    """Looks whether a library is built as the drop-in expects, before anything is changed.

    Attributes:
        library: its name.
        found: the version that is there.
        supported: the versions that are tested.
    """

    library: str
    found: str
    supported: Sequence[str]

    @classmethod
    def of(cls, library: str, package: ModuleType, supported: Sequence[str]) -> Guard:
        """Return the guard of an imported package, which must say its version."""
        guard = cls(library, getattr(package, "__version__", "unknown"), supported)
        guard.attribute(package, "__version__")
        return guard

    def refuse(self, reason: str) -> UnsupportedVersion:
        """Return the error that says why this library cannot be served."""
        return UnsupportedVersion(self.library, self.found, self.supported, reason)

    def module(self, name: str) -> ModuleType:
        """Import one of the library's modules, which must be there."""
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            raise self.refuse(str(error)) from error

    def attribute(self, owner: Any, name: str) -> Any:
        """Return an attribute that must be there, inherited or not."""
        try:
            return getattr(owner, name)
        except AttributeError:
            raise self.refuse(f"{_name(owner)} has no {name}") from None

    def function(
        self, owner: Any, name: str, parameters: str, *, uses: Sequence[str] = ()
    ) -> Callable[..., Any]:
        """Return a function that must have these parameters and mention these names in its body.

        Args:
            owner: its class or module.
            name: its name.
            parameters: as in its signature, without annotations and defaults: ``self, msg, /``.
            uses: attributes and globals that its code must read or write.
        """
        function = self.attribute(owner, name)
        where = f"{_name(owner)}.{name}"
        if not inspect.isfunction(function):
            raise self.refuse(f"{where} is no function but {function!r}")
        signature = inspect.signature(function)
        bare = signature.replace(
            parameters=[
                each.replace(annotation=inspect.Parameter.empty, default=inspect.Parameter.empty)
                for each in signature.parameters.values()
            ],
            return_annotation=inspect.Signature.empty,
        )
        if str(bare) != f"({parameters})":
            raise self.refuse(f"{where} takes {bare}, not ({parameters})")
        missing = [each for each in uses if each not in function.__code__.co_names]
        if missing:
            raise self.refuse(f"{where} does not use {', '.join(missing)}")
        return function


def _name(owner: Any) -> str:
    if inspect.ismodule(owner):
        return owner.__name__
    if inspect.isclass(owner):
        return f"{owner.__module__}.{owner.__qualname__}"
    return repr(owner)
