import json

from medssl import __version__
from medssl.release import card_header, card_section

METADATA = {
    "version": "1.2.3",
    "monai_version": "1.6.1",
    "pytorch_version": "2.13.0",
    "numpy_version": "2.4.6",
    "required_packages_version": {"fire": "0.7.1"},
}


def test_the_section_says_what_to_install_and_what_a_config_can_do():
    section = card_section("small", METADATA)
    assert "pip install torch==2.13.0 monai==1.6.1 numpy==2.4.6 fire==0.7.1\n" in section
    assert f"medssl {__version__} in `medssl/`" in section
    assert "--bundle_root small" in section
    assert "only while this folder is the working directory" in section
    assert "A config can run any code" in section
    assert "sha256sum -c small_v1.2.3.zip.sha256" in section


def test_the_header_is_yaml_that_hubs_know():
    start, *lines, end, empty = card_header("# Model\n\n- **Tags**: CT, self-supervised\n", METADATA).splitlines()
    assert (start, end, empty) == ("---", "---", "")
    words = {word: json.loads(value) for word, value in (line.split(": ", 1) for line in lines)}
    assert words["license"] == "apache-2.0"
    assert words["library_name"] == "monai"
    assert words["tags"] == ["monai", "medical", "CT", "self-supervised"]
    assert words["version"] == "1.2.3"


def test_a_card_without_tags_has_the_common_ones():
    assert '"tags": ' not in card_header("# Model", METADATA)
    assert 'tags: ["monai", "medical"]\n' in card_header("# Model", METADATA)
