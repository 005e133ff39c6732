/// Where a state machine puts what comes out. The caller owns it; nothing calls back.
pub trait Sink<T> {
    /// Takes `item`, after all taken before.
    fn push(&mut self, item: T);
}

impl<T> Sink<T> for Vec<T> {
    #[inline]
    fn push(&mut self, item: T) {
        Vec::push(self, item);
    }
}
