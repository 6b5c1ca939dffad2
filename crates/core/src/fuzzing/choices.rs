//! A fuzzer's bytes as a sequence of choices. Behind their end every choice is 0, so any bytes are a recipe.

#[derive(Debug, Clone)]
pub(super) struct Choices<'a> {
    rest: &'a [u8],
}

impl<'a> Choices<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { rest: data }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        *first
    }

    pub(super) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// A number below a limit of at least 1, of as many bytes as that takes.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        let (mut number, mut range) = (usize::from(self.byte()), 256);
        while range < limit {
            number = number << 8 | usize::from(self.byte());
            range <<= 8;
        }
        number % limit
    }

    /// Some bytes: their number, below 64, comes first.
    pub(super) fn piece(&mut self) -> &'a [u8] {
        let length = self.below(64).min(self.rest.len());
        let (piece, rest) = self.rest.split_at(length);
        self.rest = rest;
        piece
    }

    pub(super) fn rest(self) -> &'a [u8] {
        self.rest
    }
}
