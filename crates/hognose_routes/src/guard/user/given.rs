//! What a call gives the parameters of the function that is looked through for it.

/// What the call of a function of the project gives its parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Given {
    /// Parameters that depend on who asks, as bits.
    dependent: u64,
    /// Those of them that tell who asks.
    identities: u64,
    /// Parameters that are given at all.
    passed: u64,
    /// Parameters that hold texts, by position.
    pub texts: Vec<(u16, Vec<String>)>,
}

impl Given {
    /// A parameter depends on who asks, and perhaps tells it.
    pub fn credential(&mut self, index: u16, identity: bool) {
        let bit = 1u64.checked_shl(u32::from(index)).unwrap_or(0);
        self.dependent |= bit;
        if identity {
            self.identities |= bit;
        }
    }

    /// A parameter is given.
    pub fn pass(&mut self, index: u16) {
        self.passed |= 1u64.checked_shl(u32::from(index)).unwrap_or(0);
    }

    /// Whether a parameter is given.
    pub fn is_passed(&self, index: u16) -> bool {
        self.passed & 1u64.checked_shl(u32::from(index)).unwrap_or(0) != 0
    }

    pub(super) fn has(&self, index: u16, identity: bool) -> bool {
        let bit = 1u64.checked_shl(u32::from(index)).unwrap_or(0);
        let bits = if identity {
            self.identities
        } else {
            self.dependent
        };
        bits & bit != 0
    }
}
