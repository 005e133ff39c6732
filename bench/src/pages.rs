//! Arrays in huge pages, where the system has them: so that a floor is not the cost of finding
//! pages.

#![allow(
    unsafe_code,
    reason = "asking for huge pages takes an allocation aligned to them"
)]

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

const HUGE_PAGE: usize = 2 << 20;

/// A value that may be made of zero bytes.
///
/// # Safety
/// All bytes zero must be a value of the type.
pub(crate) unsafe trait Zeros: Copy {}

// SAFETY: it is a number.
unsafe impl Zeros for u64 {}

/// An array in pages of its own.
pub(crate) struct Pages<T: Zeros, const N: usize>(NonNull<[T; N]>);

impl<T: Zeros, const N: usize> Pages<T, N> {
    /// Makes one of zeros, every page of it there already.
    pub(crate) fn zeros() -> Pages<T, N> {
        let (size, layout) = (Self::layout().size(), Self::layout());
        // SAFETY: the size is not zero.
        let memory = unsafe { alloc_zeroed(layout) };
        let Some(array) = NonNull::new(memory.cast()) else {
            handle_alloc_error(layout);
        };
        let advice = rustix::mm::Advice::LinuxHugepage;
        // SAFETY: the range is the allocation, and the advice changes no content. Where the system
        // has no such pages, small ones do.
        let _ = unsafe { rustix::mm::madvise(memory.cast(), size, advice) };
        for page in (0..size).step_by(4096) {
            // SAFETY: it is inside the allocation, and nobody else knows it yet.
            unsafe { memory.add(page).write_volatile(0) };
        }
        Pages(array)
    }

    fn layout() -> Layout {
        let size = size_of::<[T; N]>().max(1).next_multiple_of(HUGE_PAGE);
        Layout::from_size_align(size, HUGE_PAGE).expect("the size is in range")
    }
}

impl<T: Zeros, const N: usize> Deref for Pages<T, N> {
    type Target = [T; N];

    #[inline(always)]
    fn deref(&self) -> &[T; N] {
        // SAFETY: zeros are a value of the type, size and alignment suffice, and it is ours alone.
        unsafe { self.0.as_ref() }
    }
}

impl<T: Zeros, const N: usize> DerefMut for Pages<T, N> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T; N] {
        // SAFETY: as above.
        unsafe { self.0.as_mut() }
    }
}

impl<T: Zeros, const N: usize> Drop for Pages<T, N> {
    fn drop(&mut self) {
        // SAFETY: it came from `alloc_zeroed` with this layout.
        unsafe { dealloc(self.0.as_ptr().cast(), Self::layout()) };
    }
}
