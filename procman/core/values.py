"""Frozen, slotted dataclasses that cost nothing until they are used.

The standard decorator writes and compiles six methods per class when a module is imported, 0.4 to 1 ms each: a third of
a short command went into classes of which it never made an instance (docs/decisions/0009-values-made-when-used.md).
Here all methods are shared; ``__init__`` is compiled when a class has made a few instances. To type checkers and to
`dataclasses.replace`, `fields` and `asdict` the classes are ordinary dataclasses. No options but those below are taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace

    __all__ = ["dataclass", "field", "replace"]
else:
    from operator import attrgetter

    _NONE = object()
    FEW = 8

    class _Mark:
        """What `field` says of one field."""

        __slots__ = ("compare", "default", "factory", "repr")

        def __init__(self, default, factory, compare, shown):
            self.default, self.factory, self.compare, self.repr = default, factory, compare, shown

    class _Fields:
        """``__dataclass_fields__``, made when somebody asks: by the standard decorator, from the same fields."""

        __slots__ = ("annotations", "defaults")

        def __init__(self, annotations, defaults):
            self.annotations, self.defaults = annotations, defaults

        def __get__(self, instance, owner):
            import dataclasses  # noqa: PLC0415 - few commands ask

            def standard(mark):
                if not isinstance(mark, _Mark):
                    return mark
                given = {"default": mark.default, "default_factory": mark.factory}
                given = {name: value for name, value in given.items() if value is not _NONE}
                return dataclasses.field(compare=mark.compare, repr=mark.repr, **given)

            body = {name: standard(value) for name, value in self.defaults.items()}
            body |= {"__annotations__": self.annotations, "__module__": owner.__module__}
            owner.__dataclass_fields__ = dataclasses.dataclass(type(owner.__name__, (), body)).__dataclass_fields__
            return owner.__dataclass_fields__

    def dataclass(*, frozen, slots, order=False, eq=True, repr=True):  # noqa: A002 - the standard's own word
        """Return a decorator that makes a class of frozen values with slots, which inherits no fields."""
        if not (frozen and slots):
            raise TypeError("values are frozen and have slots")
        return lambda cls: _made(cls, order=order, eq=eq, shown=repr)

    def field(*, default=_NONE, default_factory=_NONE, compare=True, repr=True):  # noqa: A002 - same
        """Return the mark of a field; `default_factory` makes the default anew for each instance."""
        return _Mark(default, default_factory, compare, repr)

    def replace(value, /, **changes):
        """Return `value` with `changes`."""
        for name in value.__match_args__:
            if name not in changes:
                changes[name] = getattr(value, name)
        return type(value)(**changes)

    def _made(cls, *, order, eq, shown):
        names = tuple(cls.__dict__.get("__annotations__", ()))  # noqa: RUF063 - not those of a base
        if not names or hasattr(cls, "__match_args__"):
            raise TypeError(f"{cls.__name__}: a value has fields, all of its own")
        body = {k: v for k, v in cls.__dict__.items() if k not in ("__dict__", "__weakref__")}
        defaults = {name: body.pop(name) for name in names if name in body}
        marks = {name: mark for name, mark in defaults.items() if isinstance(mark, _Mark)}
        body |= {"__slots__": names, "__match_args__": names, "__init__": _first_init(defaults)}
        body |= {"__setattr__": _refuse_set, "__delattr__": _refuse_delete}
        body |= {"__getstate__": _state, "__setstate__": _set_state}
        body["__dataclass_fields__"] = _Fields(cls.__annotations__, defaults)
        if eq:
            compared = [name for name in names if name not in marks or marks[name].compare]
            body |= {"_compared": attrgetter(*compared), "__eq__": _equal, "__hash__": _hash}
        if order:
            body |= {"__lt__": _less, "__le__": _at_most, "__gt__": _more, "__ge__": _at_least}
        if shown:
            said = tuple(name for name in names if name not in marks or marks[name].repr)
            body |= {"_said": said, "__repr__": _shown}
        made = type(cls)(cls.__name__, cls.__bases__, body)
        made.__qualname__ = cls.__qualname__
        return made

    def _first_init(defaults):
        """Return an ``__init__`` that makes a few instances by itself and then puts a compiled one in its place."""
        made = 0

        def __init__(self, *arguments, **named):  # noqa: N807 - it is one
            nonlocal made
            made += 1
            cls = type(self)
            if made > FEW or not _filled(self, cls.__match_args__, arguments, named, defaults):
                cls.__init__ = _compiled(cls, defaults)
                cls.__init__(self, *arguments, **named)

        return __init__

    def _filled(self, names, arguments, named, defaults):
        """Fill the slots without compiling; False when the arguments do not fit, which the compiled one tells."""
        given = dict(zip(names, arguments, strict=False))
        if len(arguments) > len(names) or given.keys() & named.keys() or named.keys() - set(names):
            return False
        given |= named
        for name in names:
            value = given.get(name, _NONE)
            if value is _NONE:
                value = defaults.get(name, _NONE)
                if isinstance(value, _Mark):
                    value = value.default if value.factory is _NONE else value.factory()
            if value is _NONE:
                return False
            object.__setattr__(self, name, value)
        return True

    def _compiled(cls, defaults):
        """Return an ``__init__`` with the signature of the fields; each slot is set past the frozen ``__setattr__``."""
        known, heads, lines = {"_M": _NONE}, [], []
        for name in cls.__match_args__:
            default, value, head = defaults.get(name, _NONE), name, name
            if isinstance(default, _Mark) and default.factory is not _NONE:
                known[f"_d_{name}"] = default.factory
                head, value = f"{name}=_M", f"_d_{name}() if {name} is _M else {name}"
            else:
                default = default.default if isinstance(default, _Mark) else default
                if default is not _NONE:
                    known[f"_d_{name}"] = default
                    head = f"{name}=_d_{name}"
            known[f"_s_{name}"] = cls.__dict__[name].__set__
            heads.append(head)
            lines.append(f" _s_{name}(self, {value})")
        exec("\n".join([f"def __init__(self, {', '.join(heads)}):", *lines]), known)  # noqa: S102 - from field names
        made = known["__init__"]
        made.__qualname__ = f"{cls.__qualname__}.__init__"
        return made

    def _equal(self, other):
        return self._compared(self) == self._compared(other) if other.__class__ is self.__class__ else NotImplemented

    def _hash(self):
        return hash(self._compared(self))

    def _less(self, other):
        return self._compared(self) < self._compared(other) if other.__class__ is self.__class__ else NotImplemented

    def _at_most(self, other):
        return self._compared(self) <= self._compared(other) if other.__class__ is self.__class__ else NotImplemented

    def _more(self, other):
        return self._compared(self) > self._compared(other) if other.__class__ is self.__class__ else NotImplemented

    def _at_least(self, other):
        return self._compared(self) >= self._compared(other) if other.__class__ is self.__class__ else NotImplemented

    def _shown(self):
        said = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._said)
        return f"{self.__class__.__qualname__}({said})"

    def _refuse_set(self, name, value):
        from dataclasses import FrozenInstanceError  # noqa: PLC0415 - a slip in a program, not in a run of it

        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def _refuse_delete(self, name):
        from dataclasses import FrozenInstanceError  # noqa: PLC0415 - same

        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def _state(self):
        return [getattr(self, name) for name in self.__match_args__]

    def _set_state(self, state):
        for name, value in zip(self.__match_args__, state, strict=True):
            object.__setattr__(self, name, value)
