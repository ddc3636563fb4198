//! The memory of Argon2: buffers that are allocated once, reused, and wiped after each hash.
//!
//! An allocator keeps the pieces of large buffers that threads free. With one new buffer for each hash, a flood of
//! sign-ins would take many times the memory that it uses at once.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::Block;
use zeroize::Zeroize;

/// Blocks of 1 KiB in a buffer that is always kept: 32 MiB. glibc returns larger buffers to the system when they are
/// freed (`mallopt(3)`, `M_MMAP_THRESHOLD`).
const ALWAYS_KEPT: usize = 32 * 1024;

/// The idle buffers of a pool, at most one for each permit.
pub(super) struct BufferStock {
    idle: Mutex<Vec<Vec<Block>>>,
    capacity: usize,
}

impl BufferStock {
    pub(super) const fn new(capacity: usize) -> Self {
        Self { idle: Mutex::new(Vec::new()), capacity }
    }

    /// Takes an idle buffer, or an empty one. It returns to the stock if it has at most so many blocks when it is
    /// dropped, or at most 32 MiB.
    pub(super) fn take(self: &Arc<Self>, kept_blocks: usize) -> BlockBuffer {
        let blocks = self.lock().pop().unwrap_or_default();
        BlockBuffer { blocks, used: 0, kept_blocks: kept_blocks.max(ALWAYS_KEPT), stock: Arc::clone(self) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Vec<Block>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A buffer of Argon2 blocks, which is wiped when it is dropped.
pub(super) struct BlockBuffer {
    blocks: Vec<Block>,
    /// Blocks at the start that may hold data.
    used: usize,
    kept_blocks: usize,
    stock: Arc<BufferStock>,
}

impl BlockBuffer {
    /// Returns this many blocks, and allocates them if the buffer is too small.
    ///
    /// # Errors
    /// [`argon2::Error::OutOfMemory`] if there is no memory.
    pub(super) fn blocks(&mut self, count: usize) -> argon2::Result<&mut [Block]> {
        if self.blocks.len() < count {
            self.wipe();
            // Frees the old blocks first, so that both never exist at once.
            self.blocks = Vec::new();
            self.blocks.try_reserve_exact(count).map_err(|_| argon2::Error::OutOfMemory)?;
            self.blocks.resize(count, Block::new());
        }
        self.used = self.used.max(count);
        Ok(&mut self.blocks[..count])
    }

    fn wipe(&mut self) {
        self.blocks[..self.used].iter_mut().for_each(Zeroize::zeroize);
        self.used = 0;
    }
}

impl Drop for BlockBuffer {
    fn drop(&mut self) {
        self.wipe();
        let mut idle = self.stock.lock();
        if idle.len() < self.stock.capacity && self.blocks.len() <= self.kept_blocks {
            idle.push(std::mem::take(&mut self.blocks));
        }
    }
}

#[cfg(test)]
impl BlockBuffer {
    /// Returns a buffer that belongs to no pool.
    pub(super) fn unpooled() -> Self {
        Arc::new(BufferStock::new(0)).take(0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use argon2::Argon2;

    use super::{ALWAYS_KEPT, BufferStock};

    const PASSWORD: &[u8] = b"correct horse";

    fn hash(stock: &Arc<BufferStock>) -> [u8; 32] {
        let argon2 = Argon2::default();
        let mut output = [0; 32];
        let mut buffer = stock.take(0);
        let blocks = buffer.blocks(argon2.params().block_count()).unwrap();
        argon2.hash_password_into_with_memory(PASSWORD, b"salt of 16 bytes", &mut output, blocks).unwrap();
        output
    }

    #[test]
    fn r70_a_reused_buffer_gives_the_same_hash() {
        let stock = Arc::new(BufferStock::new(1));
        let mut expected = [0; 32];
        Argon2::default().hash_password_into(PASSWORD, b"salt of 16 bytes", &mut expected).unwrap();
        for _ in 0..2 {
            assert_eq!(hash(&stock), expected);
        }
        assert_eq!(stock.lock().len(), 1);
    }

    #[test]
    fn a_returned_buffer_is_wiped() {
        let stock = Arc::new(BufferStock::new(1));
        hash(&stock);
        let idle = stock.lock();
        assert!(idle[0].iter().all(|block| block.as_ref().iter().all(|word| *word == 0)));
    }

    #[test]
    fn the_stock_keeps_one_buffer_per_permit_and_none_that_is_too_large() {
        let stock = Arc::new(BufferStock::new(2));
        let buffers: Vec<_> = (0..3)
            .map(|_| {
                let mut buffer = stock.take(0);
                buffer.blocks(8).unwrap();
                buffer
            })
            .collect();
        drop(buffers);
        assert_eq!(stock.lock().len(), 2);
        stock.lock().clear();
        for (kept, is_kept) in [(0, false), (ALWAYS_KEPT + 1, true)] {
            stock.take(kept).blocks(ALWAYS_KEPT + 1).unwrap();
            assert_eq!(stock.lock().pop().is_some(), is_kept);
        }
    }
}
