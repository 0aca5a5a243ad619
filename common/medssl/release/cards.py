"""What a released bundle's page says beside its model card."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from medssl import __version__

__all__ = ["card_header", "card_section"]

SECTION = """
## This folder by itself

It carries the Python package medssl {package} in `medssl/`, and runs where MONAI and these are installed:

```bash
pip install {packages}
```

Run the commands above from this folder. From another one, say where it is:

```bash
python -m monai.bundle run --config_file {name}/configs/inference.json --bundle_root {name} --dataset_dir /my/images
```

`monai.bundle.load` and MONAI's exports find the package only while this folder is the working directory. From elsewhere
they need it installed (`pip install medssl=={package}`). One process takes one version of medssl: bundles that carry
different ones need a process each.

A config can run any code when MONAI reads it, so run only archives that you trust, and compare their sha256 with the
published one first: `sha256sum -c {name}_v{version}.zip.sha256`, or `python -m medssl verify {name}_v{version}.zip`.
"""


def card_section(name: str, metadata: Mapping[str, Any]) -> str:
    """What holds of a released folder and not of the repository's: what it carries, needs, and can do to you.

    Args:
        name: the folder's.
        metadata: the bundle's.
    """
    needed = {
        "torch": metadata["pytorch_version"],
        "monai": metadata["monai_version"],
        "numpy": metadata["numpy_version"],
        **metadata["required_packages_version"],
    }
    packages = " ".join(f"{package}=={version}" for package, version in needed.items())
    return SECTION.format(name=name, packages=packages, package=__version__, version=metadata["version"])


def card_header(card: str, metadata: Mapping[str, Any]) -> str:
    """The YAML header by which model hubs find and sort a card.

    Args:
        card: the model card; its line of ``**Tags**`` is taken over.
        metadata: the bundle's.
    """
    tags = re.search(r"\*\*Tags\*\*:\s*(.+)", card)
    words = {
        "license": "apache-2.0",
        "library_name": "monai",
        "pipeline_tag": "image-segmentation",
        "tags": ["monai", "medical", *(tag.strip() for tag in (tags[1].split(",") if tags else ()))],
        "version": metadata["version"],
    }
    lines = [f"{word}: {json.dumps(value, ensure_ascii=False)}" for word, value in words.items()]
    return "\n".join(["---", *lines, "---", "", ""])
