"""What must hold of every bundle's configs; each guard names what it finds wrong."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from monai.bundle.config_item import ComponentLocator
from monai.bundle.properties import InferProperties, TrainProperties

from medssl.checks import config_items as items
from medssl.checks import target_misfits
from medssl.release import missing_files
from tests.bundles.reading import Bundle, parser, references
from tests.sources import ROOT

# The page tells users the common words in their order; the guards hold the configs to it.
WORDS = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/configs.md").read_text(), flags=re.MULTILINE)
BLOCKS = [
    "network_def", "network", "loss", "optimizer", "preprocessing", "dataset", "dataloader", "inferer",
    "postprocessing", "handlers", "evaluator", "train", "validate", "initialize", "run", "displayable_configs",
]  # fmt: skip
AHEAD = {"_desc_", "imports", "package", "task"}  # stand among the words
PROPERTIES = {p["id"].split("::")[0] for p in (*TrainProperties.values(), *InferProperties.values())}
ENTRIES = {"_desc_", "imports", *PROPERTIES, "network", "initialize", "run", "finalize", "displayable_configs"}
WITHOUT_NETWORK = {"models_dir", "max_minutes"}  # words of the demo that a survey has no use for
LOCATOR = ComponentLocator()


def has_what_is_promised(bundle: Bundle) -> Iterator[str]:
    yield from missing_files(bundle.folder)


def uses_every_key(bundle: Bundle) -> Iterator[str]:
    for name, config in bundle.runs():
        texts = [(id_, value) for id_, value in items(config) if isinstance(value, str)]
        used = {(id_.split("#")[0], top) for id_, text in texts for top in references(id_, text)}
        reached = {top for origin, top in used if origin != top}
        inherited = bundle.runnable[name.split("+")[0]].keys() if "+" in name else set()  # an overlay may retire a word
        idle = WITHOUT_NETWORK if "network_def" not in config else set()
        for key in config.keys() - reached - ENTRIES - inherited - idle:
            yield f"{name}: nothing uses {key!r}"
        for key in reached - config.keys():
            yield f"{name}: {key!r} is referred to and not there"


def overlays_name_what_is_there(bundle: Bundle) -> Iterator[str]:
    for overlay, bases in bundle.overlays.items():
        if not bases:
            yield f"{overlay}: there is no config that it could follow"
        for base in bases:
            there = parser(bundle.configs[base])
            for key in bundle.configs[overlay]:
                if ("#" in key or key.startswith("+")) and key.lstrip("+").replace("#", "::") not in there:
                    yield f"{overlay}: {base} has no {key!r}"


def demo_and_paper_hold_words_only(bundle: Bundle) -> Iterator[str]:
    for overlay in {"demo", "paper"} & bundle.configs.keys():
        for key in bundle.configs[overlay].keys() - {"_desc_"}:
            bases = {name: bundle.configs[name] for name in bundle.overlays[overlay]}
            needed = {name for name, config in bases.items() if "network_def" in config or key not in WITHOUT_NETWORK}
            absent = sorted(name for name in needed if key not in bases[name])
            if absent or key in {*BLOCKS, *AHEAD}:
                yield f"{overlay}: {key!r} is no word of {absent or 'any config, but a block'}"


def demo_writes_to_scratch(bundle: Bundle) -> Iterator[str]:
    for key in {"output_dir", "models_dir"} - bundle.configs.get("demo", {}).keys():
        yield f"demo: {key} is not set, so shipped weights or other results could be overwritten"


def paper_names_its_sources(bundle: Bundle) -> Iterator[str]:
    paper = bundle.configs.get("paper", {})
    sources = paper.get("_desc_", {})
    named = sources.keys() if isinstance(sources, dict) else set()
    for key in named ^ (paper.keys() - {"_desc_"}):
        yield f"paper: {key!r} and its source in _desc_ do not stand together"


def keeps_the_order(bundle: Bundle) -> Iterator[str]:
    order = [*WORDS, *BLOCKS]
    for name, config in bundle.runnable.items():
        known = [key for key in config if key in order]
        if known != sorted(known, key=order.index):
            yield f"{name}: the order is {known}, not {sorted(known, key=order.index)}"
        keys = [key for key in config if key not in AHEAD]
        last_word = max(i for i, key in enumerate(keys) if key in WORDS)
        first_block = min(i for i, key in enumerate(keys) if key in BLOCKS)
        for key in set(keys[:last_word]) - set(WORDS):
            yield f"{name}: {key!r} stands before the common word {keys[last_word]!r}"
        for key in keys[first_block:]:
            if isinstance(config[key], int | float):
                yield f"{name}: the number {key!r} stands behind the block {keys[first_block]!r}, not at the top"


def has_the_common_words(bundle: Bundle) -> Iterator[str]:
    for name, config in bundle.runnable.items():
        computing = {"device", "models_dir"} if "network_def" in config else set()
        for key in ({"bundle_root", "dataset_dir", "output_dir"} | computing) - config.keys():
            yield f"{name}: {key} is missing"
        if "network_def" in config and "@package" not in config["network_def"].get("_requires_", ()):
            yield f"{name}: network_def does not require @package"


def writes_to_its_own_folder(bundle: Bundle) -> Iterator[str]:
    for name, config in bundle.runs():
        base, _, overlay = name.partition("+")
        own = overlay if overlay.startswith("evaluate") else base
        if overlay != "demo" and not str(parser(config).get_parsed_content("output_dir")).endswith(f"eval/{own}"):
            yield f"{name}: output_dir is not eval/{own}, so a resume may find another config's checkpoint"


def weights_fit_everywhere(bundle: Bundle) -> Iterator[str]:
    """What shapes a network or its input is one value in all configs, because weights pass from one to the other."""
    values: dict[str, dict[str, str]] = defaultdict(dict)
    for name, config in bundle.runnable.items():
        texts = [(id_, value) for id_, value in items(config) if isinstance(value, str)]
        shaping = [(id_, text) for id_, text in texts if "network_def" in id_ or "preprocessing" in id_]
        words = {key for id_, text in shaping for key in references(id_, text)} & config.keys()
        for key in words - {*WORDS, *BLOCKS, *AHEAD}:
            text = json.dumps(config[key])
            if "$" not in text and "@" not in text:
                values[key][text] = name
    for key, found in values.items():
        if len(found) > 1:
            yield f"{key!r} is not the same in {sorted(found.values())}: {sorted(found)}"


def choices_are_plain_and_used(bundle: Bundle) -> Iterator[str]:
    for name, config in bundle.runnable.items():
        texts = [value for _, value in items(config) if isinstance(value, str)]
        for key, value in config.get("displayable_configs", {}).items():
            if isinstance(value, str) and value[:1] in {"@", "$"}:
                yield f"{name}: displayable_configs#{key} is {value!r}; MONAI Label shows and sets plain values"
            if not any(f"@displayable_configs#{key}" in text for text in texts):
                yield f"{name}: nothing uses displayable_configs#{key}"


def handlers_are_literal(bundle: Bundle) -> Iterator[str]:
    for name, config in bundle.runs():
        for part in {"train", "validate"} & config.keys():
            handlers = config[part].get("handlers")
            if not isinstance(handlers, list) or not all(isinstance(h, dict) and "_target_" in h for h in handlers):
                yield f"{name}: {part}#handlers is no list of dicts with _target_"


def reaches_us_by_target_only(bundle: Bundle) -> Iterator[str]:
    for name, config in bundle.configs.items():
        for id_, value in items(config):
            if isinstance(value, str) and value.startswith("$") and "medssl" in value:
                yield f"{name}: {id_} is an expression on medssl, which may not be importable yet"
            if isinstance(value, str) and value.startswith("%") and any(end in value for end in (".json", ".yaml")):
                yield f"{name}: {id_} is a macro on another file"
            if "::" in id_:
                yield f"{name}: {id_} is separated by ::, and MONAI Label knows only #"


def nothing_has_a_word(bundle: Bundle) -> Iterator[str]:
    for name, config in bundle.configs.items():
        for key, value in config.items():
            if value is None or value in ("None", "$None", "true", "false"):
                yield f"{name}: {key} is {value!r}; say a word for nothing, or true and false without quotes"


def targets_are_there_and_fit(bundle: Bundle) -> Iterator[str]:
    for name, config in bundle.runs():
        for id_, value in items(config):
            target = value.get("_target_") if isinstance(value, dict) else None
            if isinstance(target, str) and target[:1] not in {"$", "@"}:
                yield from (f"{name}: {id_}: {complaint}" for complaint in misfits(value))


def misfits(component: dict[str, Any]) -> Iterator[str]:
    """Say what is wrong with a component: its name, or the arguments that it is given."""
    target = component["_target_"]
    short = LOCATOR.get_component_module_name(target.rpartition(".")[2])
    if target.startswith("monai.") and isinstance(short, str):
        yield f"{target}: MONAI's names are short ones"
    if target.startswith("medssl.") and not is_public(*target.split(".")[1:]):
        yield f"{target} is not listed in the __all__ of its folder"
    yield from target_misfits(component)


def is_public(folder: str, *names: str) -> bool:
    try:
        return len(names) == 1 and names[0] in import_module(f"medssl.{folder}").__all__
    except (ImportError, AttributeError):
        return False


GUARDS = [
    has_what_is_promised,
    uses_every_key,
    overlays_name_what_is_there,
    demo_and_paper_hold_words_only,
    demo_writes_to_scratch,
    paper_names_its_sources,
    keeps_the_order,
    has_the_common_words,
    writes_to_its_own_folder,
    weights_fit_everywhere,
    choices_are_plain_and_used,
    handlers_are_literal,
    reaches_us_by_target_only,
    nothing_has_a_word,
    targets_are_there_and_fit,
]
