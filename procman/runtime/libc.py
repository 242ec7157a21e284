"""Calls of the C library that Python has no function for. Nothing else."""


def call(name: str, *arguments: int | bytes) -> int:
    """Call the function `name` with C ints and addresses of bytes; return the int it returns, -1 for most errors."""
    try:
        # 4 ms and half a megabyte cheaper than ctypes, which builds classes nobody needs here.
        from _ctypes import call_function, dlopen, dlsym  # noqa: PLC0415 - see above

        own = dlopen(None, _RTLD_NOW)  # type: ignore[arg-type]  # dlopen(3): NULL is the program itself
        status: int = call_function(dlsym(own, name), arguments)
    except ImportError:
        from ctypes import CDLL  # noqa: PLC0415 - only where the private names are gone

        status = CDLL(None)[name](*arguments)
    return status


_RTLD_NOW = 2
