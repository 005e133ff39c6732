//! A chain in this process: contracts as bytecode, run by the interpreter of rust-ethereum, their
//! storage, and blocks.

use std::collections::HashMap;
use std::rc::Rc;

use evm_runtime::{
    Capture, Context, CreateScheme, ExitError, ExitReason, ExternalOperation, Handler, Machine,
    Opcode, Runtime, Stack, Transfer,
};
use primitive_types::{H160, H256, U256};

/// A contract's address.
pub(crate) type Address = H160;

/// How deep a stack and how large a memory may get.
const STACK: usize = 1_024;
const MEMORY: usize = 65_536;

/// All that the chain knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chain {
    pub(crate) block: u64,
    /// Seconds since 1970.
    pub(crate) time: u64,
    code: HashMap<Address, Vec<u8>>,
    storage: HashMap<(Address, H256), H256>,
}

impl Chain {
    /// Puts a contract there.
    pub(crate) fn deploy(&mut self, at: Address, code: Vec<u8>) {
        self.code.insert(at, code);
    }

    /// Takes a contract away.
    pub(crate) fn destroy(&mut self, at: Address) {
        self.code.remove(&at);
    }

    /// Calls without a trace; `Err` where the contract reverts or breaks.
    pub(crate) fn call(&self, to: Address, data: &[u8]) -> Result<Vec<u8>, String> {
        self.clone().run(to, data)
    }

    /// Calls for good.
    pub(crate) fn send(&mut self, to: Address, data: &[u8]) {
        let sent = self.run(to, data);
        sent.unwrap_or_else(|error| panic!("{to}: {error}"));
    }

    fn run(&mut self, to: Address, data: &[u8]) -> Result<Vec<u8>, String> {
        let Some(code) = self.code.get(&to) else {
            // To call an address without a contract succeeds, and gives back nothing.
            return Ok(Vec::new());
        };
        let context = Context {
            address: to,
            caller: H160::zero(),
            apparent_value: U256::zero(),
        };
        let (code, data) = (Rc::new(code.clone()), Rc::new(data.to_vec()));
        let mut runtime = Runtime::new(code, data, context, STACK, MEMORY);
        match runtime.run(self) {
            Capture::Exit(ExitReason::Succeed(_)) => Ok(runtime.machine().return_value()),
            Capture::Exit(reason) => Err(format!("{reason:?}")),
            Capture::Trap(_) => Err("our contracts call nobody".to_owned()),
        }
    }
}

/// The chain as the interpreter sees it: storage, and nothing else that our contracts ask for.
impl Handler for Chain {
    type CreateInterrupt = ();
    type CreateFeedback = ();
    type CallInterrupt = ();
    type CallFeedback = ();

    fn balance(&self, _: H160) -> U256 {
        U256::zero()
    }
    fn code_size(&self, address: H160) -> U256 {
        self.code(address).len().into()
    }
    fn code_hash(&self, _: H160) -> H256 {
        H256::zero()
    }
    fn code(&self, address: H160) -> Vec<u8> {
        self.code.get(&address).cloned().unwrap_or_default()
    }
    fn storage(&self, address: H160, index: H256) -> H256 {
        self.storage
            .get(&(address, index))
            .copied()
            .unwrap_or_default()
    }
    fn transient_storage(&self, _: H160, _: H256) -> H256 {
        H256::zero()
    }
    fn original_storage(&self, address: H160, index: H256) -> H256 {
        self.storage(address, index)
    }
    fn gas_left(&self) -> U256 {
        U256::MAX
    }
    fn gas_price(&self) -> U256 {
        U256::zero()
    }
    fn origin(&self) -> H160 {
        H160::zero()
    }
    fn block_hash(&self, _: U256) -> H256 {
        H256::zero()
    }
    fn block_number(&self) -> U256 {
        self.block.into()
    }
    fn block_coinbase(&self) -> H160 {
        H160::zero()
    }
    fn block_timestamp(&self) -> U256 {
        self.time.into()
    }
    fn block_difficulty(&self) -> U256 {
        U256::zero()
    }
    fn block_randomness(&self) -> Option<H256> {
        None
    }
    fn block_gas_limit(&self) -> U256 {
        U256::MAX
    }
    fn block_base_fee_per_gas(&self) -> U256 {
        U256::zero()
    }
    fn chain_id(&self) -> U256 {
        14.into()
    }
    fn exists(&self, address: H160) -> bool {
        self.code.contains_key(&address)
    }
    fn deleted(&self, _: H160) -> bool {
        false
    }
    fn is_cold(&mut self, _: H160, _: Option<H256>) -> Result<bool, ExitError> {
        Ok(false)
    }
    fn set_storage(&mut self, address: H160, index: H256, value: H256) -> Result<(), ExitError> {
        self.storage.insert((address, index), value);
        Ok(())
    }
    fn set_transient_storage(&mut self, _: H160, _: H256, _: H256) {}
    fn log(&mut self, _: H160, _: Vec<H256>, _: Vec<u8>) -> Result<(), ExitError> {
        Ok(())
    }
    fn mark_delete(&mut self, _: H160, _: H160) -> Result<(), ExitError> {
        Err(ExitError::OutOfGas)
    }
    fn create(
        &mut self,
        _: H160,
        _: CreateScheme,
        _: U256,
        _: Vec<u8>,
        _: Option<u64>,
    ) -> Capture<(ExitReason, Option<H160>, Vec<u8>), ()> {
        Capture::Trap(())
    }
    fn call(
        &mut self,
        _: H160,
        _: Option<Transfer>,
        _: Vec<u8>,
        _: Option<u64>,
        _: bool,
        _: Context,
    ) -> Capture<(ExitReason, Vec<u8>), ()> {
        Capture::Trap(())
    }
    fn pre_validate(&mut self, _: &Context, _: Opcode, _: &Stack) -> Result<(), ExitError> {
        Ok(())
    }
    fn other(&mut self, opcode: Opcode, _: &mut Machine) -> Result<(), ExitError> {
        Err(ExitError::InvalidCode(opcode))
    }
    fn record_external_operation(&mut self, _: ExternalOperation) -> Result<(), ExitError> {
        Ok(())
    }
}
