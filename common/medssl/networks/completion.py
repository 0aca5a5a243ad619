"""Tokens that are completed by what they attend to."""

from __future__ import annotations

import torch
from monai.networks.blocks import CrossAttentionBlock
from torch import Tensor, nn

__all__ = ["CrossCompletion"]


class CrossCompletion(nn.Module):
    """One layer of cross-attention: each token gathers what it needs from others, and keeps what it is.

    Args:
        length: of a token.
        hidden: width of the feed-forward part.
        heads: number of attention heads.
        head_channels: length of the queries, keys and values of one head.
        dropout: chance of zeroing an attention weight or a value of either part's output, in [0, 1).
        residual: whether a token is added to what it gathered; without it only its choice of others remains.

    Shape:
        Tokens ``(N, T, length)`` and those that they attend to ``(N, U, length)`` in; ``(N, T, length)`` out.

    Source:
        Jiang et al., Alice, ICCV 2023, conditional anatomical semantic alignment: length 512, hidden 2048, 8 heads of
        64. The published module has four more linear layers, which it never uses.
    """

    def __init__(
        self,
        length: int = 512,
        *,
        hidden: int = 2048,
        heads: int = 8,
        head_channels: int = 64,
        dropout: float = 0.1,
        residual: bool = True,
    ) -> None:
        super().__init__()
        self.attention = CrossAttentionBlock(length, heads, dropout_rate=dropout, dim_head=head_channels)
        self.attention.out_proj = nn.Linear(heads * head_channels, length, bias=False)  # MONAI's has a bias
        self.attention_norm = nn.LayerNorm(length, eps=1e-6)
        self.widen = nn.Linear(length, hidden)
        self.activation = nn.ReLU()
        self.narrow = nn.Linear(hidden, length)
        self.dropout = nn.Dropout(dropout)
        self.norm = nn.LayerNorm(length, eps=1e-6)
        self.residual = residual

    def forward(self, query: Tensor, others: Tensor) -> Tensor:
        gathered = self.attention(query, others)
        return self._feed_forward(gathered + query if self.residual else gathered)

    def alone(self, query: Tensor) -> Tensor:
        """What comes out if nothing is gathered, ``(N, T, length)``: how much the others matter shows against it."""
        return self._feed_forward(query if self.residual else torch.zeros_like(query))

    def _feed_forward(self, tokens: Tensor) -> Tensor:
        tokens = self.attention_norm(tokens)
        return self.norm(tokens + self.dropout(self.narrow(self.activation(self.widen(tokens)))))
