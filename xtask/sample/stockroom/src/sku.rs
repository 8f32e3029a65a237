//! Article numbers: two letters, six digits, and a check digit, as in `AB-123456-2`.

use std::fmt;
use std::str::FromStr;

/// An article number whose check digit is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sku {
    family: [char; 2],
    number: u32,
}

/// Why a text is not an article number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkuError {
    /// It does not look like one.
    Malformed,
    /// It looks like one, and a digit is wrong or two are swapped.
    WrongCheckDigit { expected: u32, found: u32 },
}

impl Sku {
    /// The article of a family with this number of at most six digits.
    pub fn new(family: [char; 2], number: u32) -> Option<Sku> {
        let letters = family.iter().all(char::is_ascii_uppercase);
        (letters && number < 1_000_000).then_some(Sku { family, number })
    }

    /// The last digit: with weights 3 and 1 in turn, from the right, the digits add up to a
    /// multiple of ten.
    pub fn check_digit(&self) -> u32 {
        let mut sum = 0;
        let mut rest = self.number;
        let mut weight = 3;
        while rest > 0 {
            sum += rest % 10 * weight;
            rest /= 10;
            weight = 4 - weight;
        }
        (10 - sum % 10) % 10
    }

    /// The two letters.
    pub fn family(&self) -> String {
        self.family.iter().collect()
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:06}-{}", self.family(), self.number, self.check_digit())
    }
}

impl FromStr for Sku {
    type Err = SkuError;

    fn from_str(text: &str) -> Result<Sku, SkuError> {
        let parts: Vec<&str> = text.trim().split('-').collect();
        let [family, number, check] = parts[..] else {
            return Err(SkuError::Malformed);
        };
        let letters: Vec<char> = family.chars().collect();
        let [first, second] = letters[..] else {
            return Err(SkuError::Malformed);
        };
        if number.len() != 6 || check.len() != 1 {
            return Err(SkuError::Malformed);
        }
        let number = number.parse().map_err(|_| SkuError::Malformed)?;
        let found = check.parse().map_err(|_| SkuError::Malformed)?;
        let sku = Sku::new([first, second], number).ok_or(SkuError::Malformed)?;
        let expected = sku.check_digit();
        if found != expected {
            return Err(SkuError::WrongCheckDigit { expected, found });
        }
        Ok(sku)
    }
}
