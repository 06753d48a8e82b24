//! From logits to shares, with operations that give the same result everywhere.

/// `e` to the `x` for `x` at most 0: by halving and a polynomial, since the standard
/// library's differs between platforms.
fn exp(x: f64) -> f64 {
    if x < -40.0 {
        return 0.0;
    }
    let mut x = x;
    let mut halvings = 0;
    while x < -0.5 {
        x /= 2.0;
        halvings += 1;
    }
    let mut total = 1.0;
    for n in (1..=12_u32).rev() {
        total = 1.0 + total * x / f64::from(n);
    }
    for _ in 0..halvings {
        total *= total;
    }
    total
}

/// Each label's share; together 1.
pub(crate) fn softmax(logits: [f64; 7]) -> [f64; 7] {
    let top = logits.into_iter().fold(f64::NEG_INFINITY, f64::max);
    let powers = logits.map(|logit| exp(logit - top));
    let mut whole = 0.0;
    for power in powers {
        whole += power;
    }
    powers.map(|power| power / whole)
}

#[cfg(test)]
mod tests {
    use super::{exp, softmax};

    #[test]
    fn powers_are_those_of_the_standard_library_to_eleven_digits() {
        for step in 0..4000 {
            let x = -f64::from(step) / 100.0;
            let relative = (exp(x) - x.exp()).abs() / x.exp();
            assert!(relative < 1e-11, "{x}: {relative}");
        }
    }

    #[test]
    fn shares_add_up_to_one_however_far_apart_the_logits_are() {
        for logits in [
            [0.0; 7],
            [1e6, -1e6, 0.0, 3.0, 2.0, 1.0, -5.0],
            [-700.0, -701.0, -702.0, -703.0, -704.0, -705.0, -1e9],
        ] {
            let whole: f64 = softmax(logits).iter().sum();
            assert!((whole - 1.0).abs() < 1e-12, "{logits:?}: {whole}");
        }
    }
}
