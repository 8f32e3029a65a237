//! Whether a model fits into memory, before it is loaded and not after.

use tenfold_domain::{Bytes, Tokens};

use crate::{Entry, GgufHeader};

/// Buffers besides weights and cache.
const BUFFERS: u64 = 400_000_000;
/// The context that memory is counted for; a model that can take less counts less.
const CONTEXT: u64 = 32_768;

/// How a model's need of memory compares to what there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It fits.
    Fits,
    /// The weights fit, the whole cache does not: it runs with fewer sequences or a shorter
    /// context, or slows the machine down.
    Tight {
        /// What it needs to run freely.
        needed: Bytes,
    },
    /// Not even the weights fit.
    TooLarge {
        /// What the weights and the buffers need.
        needed: Bytes,
    },
}

/// How `entry` fits into `available` bytes of free memory.
pub fn fits(entry: &Entry, available: Bytes) -> Fit {
    let least = entry.bytes + Bytes(BUFFERS);
    if available >= entry.memory {
        Fit::Fits
    } else if available >= least {
        Fit::Tight { needed: entry.memory }
    } else {
        Fit::TooLarge { needed: least }
    }
}

/// The memory for a model of so many bytes: weights, cache and buffers. Where the header does
/// not say how large the cache is, it is taken to be as large as the weights.
pub(crate) fn needed(header: &GgufHeader, bytes: Bytes) -> Bytes {
    let context = header.context.map_or(CONTEXT, |Tokens(n)| n.min(CONTEXT));
    let cache =
        header.cache_bytes_per_token.map_or(bytes, |each| Bytes(each.0.saturating_mul(context)));
    bytes + cache + Bytes(BUFFERS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalogue, SHIPPED};

    #[test]
    fn a_model_fits_is_tight_or_too_large() {
        let catalogue = Catalogue::parse(SHIPPED, None).unwrap();
        let entry = catalogue.get("qwen2.5-coder-1.5b").unwrap();
        assert_eq!(fits(entry, Bytes(8 << 30)), Fit::Fits);
        assert_eq!(fits(entry, Bytes(2 << 30)), Fit::Tight { needed: entry.memory });
        assert!(matches!(fits(entry, Bytes(1 << 30)), Fit::TooLarge { .. }));
    }

    #[test]
    fn the_shipped_figures_are_those_of_the_rule() {
        // Qwen2.5 1.5B: 28 layers, 2 key-value heads of 128, keys and values, 2 bytes each.
        let header = GgufHeader {
            context: Some(Tokens(32_768)),
            cache_bytes_per_token: Some(Bytes(28 * 2 * 2 * 128 * 2)),
            ..GgufHeader::default()
        };
        let catalogue = Catalogue::parse(SHIPPED, None).unwrap();
        let entry = catalogue.get("qwen2.5-coder-1.5b").unwrap();
        let rule = needed(&header, entry.bytes).0;
        assert!(rule.abs_diff(entry.memory.0) < 100_000_000, "{rule}");
    }
}
