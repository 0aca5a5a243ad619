import json
import logging

import numpy as np
import pytest
import torch

from medssl.networks import ConvEncoder, EncoderFeatures
from medssl.weights import convert_checkpoint, export_checkpoint, load_pretrained, verify_weights, write_weights


@pytest.fixture
def bundle(tmp_path):
    (tmp_path / "bundles" / "some_bundle" / "configs").mkdir(parents=True)
    return tmp_path / "bundles" / "some_bundle"


def trained(state, prefix=""):
    """A file as the published trainers write it."""
    return {
        "epoch": 7,
        "state_dict": {prefix + key: value for key, value in state.items()},
        "optimizer_state_dict": {"state": {}, "param_groups": []},
        "num_epoch_no_improvement": 0,
        "best_loss": np.float64(0.1),
        "best_acc": np.float64(0.9),
    }


def without(state, *words):
    return {key: value for key, value in state.items() if not key.startswith(words)}


@pytest.mark.parametrize("prefix", ["", "module.", "classficationNet.", "module.classficationNet."])
def test_published_file_fills_our_network(published, saved, bundle, network, prefix):
    state = published()
    path = convert_checkpoint(saved(trained(state, prefix), "chest_ct.pt"), to=bundle)
    assert path == bundle / "models" / "chest_ct.pt"
    load_pretrained(network, path, parts=["encoder", "decoder", "volume", "pattern"])
    torch.testing.assert_close(network.pattern.linear.weight.data, state["clc_out.fc1.weight"])
    torch.testing.assert_close(network.decoder.ups[2].deconv.bias.data, state["up_tr64.up_conv.bias"])
    facts = verify_weights(path)
    assert (facts["source"], facts["layout"], facts["tensors"], facts["dropped"]) == (
        "chest_ct.pt", "Genesis U-Net", 115, []
    )  # fmt: skip


def test_full_width_once(published, saved, tmp_path):
    path = convert_checkpoint(saved(trained(published(32, 1024, 44))), output=tmp_path / "ours.pt")
    assert json.loads(path.with_suffix(".json").read_text())["numbers"] == 33_277_613 + 6735
    load_pretrained(EncoderFeatures(ConvEncoder(3, 1, width=32, norm="batch")), path)


def test_restoration_only_file_has_no_head(published, saved, tmp_path):
    path = convert_checkpoint(saved(trained(without(published(), "clc_out"))), output=tmp_path / "ours.pt")
    assert len(torch.load(path)) == 106


def test_first_stage_file_gives_encoder_and_head(published, saved, tmp_path):
    first_stage = saved(trained(without(published(), "up_tr", "out_tr"), "module."))
    with pytest.raises(ValueError, match=r"all 115 tensors of encoder, decoder, volume, pattern, 50 are not there"):
        convert_checkpoint(first_stage, output=tmp_path / "ours.pt")
    path = convert_checkpoint(first_stage, output=tmp_path / "ours.pt", parts="encoder")
    assert len(torch.load(path)) == 65


def test_encoder_only_drops_the_decoder_and_says_so(published, saved, tmp_path, caplog):
    source = saved(trained(without(published(), "clc_out") | {"prototypes.weight": torch.ones(1)}))
    with caplog.at_level(logging.INFO):
        path = convert_checkpoint(source, output=tmp_path / "ours.pt", parts="encoder")
    assert len(torch.load(path)) == 56
    assert "56 tensors converted, 51 dropped: prototypes.weight, decoder" in caplog.text
    assert "use norm 'batch'" in caplog.text


@pytest.mark.parametrize(
    "key", ["down_tr64.ops.1.bn1.num_batches_tracked", "out_tr.final_conv.bias", "clc_out.fc1.bias"]
)
def test_one_missing_tensor_is_named(published, saved, tmp_path, key):
    with pytest.raises(ValueError, match=r"115 tensors.*1 are not there: (encoder|volume|pattern)\."):
        convert_checkpoint(saved(trained(without(published(), key))), output=tmp_path / "ours.pt")
    assert not (tmp_path / "ours.pt").exists()


def test_nothing_is_overwritten(published, saved, bundle):
    source = saved(published())
    convert_checkpoint(source, to=bundle)
    with pytest.raises(ValueError, match=r"weights\.pt is there already"):
        convert_checkpoint(source, to=bundle)


def test_bundle_by_name(published, saved, bundle, monkeypatch):
    monkeypatch.chdir(bundle.parents[1])
    assert convert_checkpoint(saved(published()), to="some_bundle").is_file()
    with pytest.raises(ValueError, match=r"needs a bundle's folder.*'other'"):
        convert_checkpoint(saved(published()), to="other")


def test_unknown_parts(tmp_path):
    with pytest.raises(ValueError, match=r"\['encoder', 'encoder_decoder'\], got 'all'"):
        convert_checkpoint(tmp_path / "a.pt", parts="all")


def test_there_and_back_again(published, saved, tmp_path):
    state = published()
    ours = convert_checkpoint(saved(trained(state)), output=tmp_path / "ours.pt")
    theirs = torch.load(export_checkpoint(ours, tmp_path / "theirs.pt"))["state_dict"]
    torch.testing.assert_close(theirs, state, rtol=0, atol=0)


def test_export_of_a_pretrained_network_is_in_single_precision(network, published, tmp_path):
    path = export_checkpoint(write_weights(tmp_path / "ours.pt", network, half=True), tmp_path / "theirs.pt")
    state = torch.load(path)["state_dict"]
    assert sorted(state) == sorted(published())
    assert {tensor.dtype for tensor in state.values()} == {torch.float32, torch.int64}


def test_export_refuses_other_networks(network, tmp_path):
    shallow = EncoderFeatures(ConvEncoder(3, 1, width=2, levels=3))
    with pytest.raises(ValueError, match=r"14 are not there: encoder\.levels\.3\.0"):
        export_checkpoint(write_weights(tmp_path / "a.pt", shallow), tmp_path / "b.pt")
    other = {key: value for key, value in network.state_dict().items() if not key.startswith("decoder.ups")}
    with pytest.raises(ValueError, match=r"6 are not there: decoder\.ups"):
        export_checkpoint(write_weights(tmp_path / "a.pt", other), tmp_path / "b.pt")
    with pytest.raises(ValueError, match="got weight, bias"):
        export_checkpoint(write_weights(tmp_path / "c.pt", torch.nn.Linear(1, 1)), tmp_path / "b.pt")
