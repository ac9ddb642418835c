"""The parts of torch, torchvision, and transformers that mosaicml-streaming imports.

They are base classes and the answers that PyTorch gives in a single process.
"""

import importlib.abc
import importlib.machinery
import importlib.metadata
import sys
import types

REPLACED = ("torch", "torchvision", "transformers")


class Parts(types.ModuleType):
    """A module in which a capitalized name is an empty class, and any other is such a module.

    Called as a function, it returns None: there is no worker and no group of processes.
    """

    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name[0].isupper():
            value = type(name, (), {"__class_getitem__": classmethod(lambda cls, item: cls)})
        else:
            value = Parts(name)
        setattr(self, name, value)
        return value

    def __call__(self, *_, **__):
        return None


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in REPLACED:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return Parts(spec.name)

    def exec_module(self, module):
        pass


def install():
    sys.meta_path.insert(0, Finder())


def versions(*names):
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
