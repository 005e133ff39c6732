//! A chain in this process: contracts as bytecode, run by the interpreter of revm, their storage,
//! and blocks.

use std::collections::HashMap;

use revm_interpreter::bytecode::Bytecode;
use revm_interpreter::context_interface::cfg::GasParams;
use revm_interpreter::context_interface::context::{SStoreResult, SelfDestructResult, StateLoad};
use revm_interpreter::context_interface::host::LoadError;
use revm_interpreter::context_interface::journaled_state::AccountInfoLoad;
use revm_interpreter::interpreter::{EthInterpreter, ExtBytecode};
use revm_interpreter::primitives::hardfork::SpecId;
use revm_interpreter::primitives::{Address, B256, Bytes, Log, U256};
use revm_interpreter::{
    CallInput, Host, InputsImpl, Interpreter, InterpreterAction, SharedMemory, gas_table,
    instruction_table,
};

/// What a call may cost: more than any of ours does, less than for ever.
const GAS: u64 = 1_000_000;
const SPEC: SpecId = SpecId::CANCUN;

/// All that the chain knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chain {
    pub(crate) block: u64,
    /// Seconds since 1970.
    pub(crate) time: u64,
    code: HashMap<Address, Vec<u8>>,
    storage: HashMap<(Address, U256), U256>,
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
        self.clone().run(to, data, true)
    }

    /// Calls for good.
    pub(crate) fn send(&mut self, to: Address, data: &[u8]) {
        let sent = self.run(to, data, false);
        sent.unwrap_or_else(|error| panic!("{to}: {error}"));
    }

    fn run(&mut self, to: Address, data: &[u8], is_static: bool) -> Result<Vec<u8>, String> {
        let Some(code) = self.code.get(&to) else {
            // To call an address without a contract succeeds, and gives back nothing.
            return Ok(Vec::new());
        };
        let code = Bytecode::new_raw(Bytes::copy_from_slice(code));
        let inputs = InputsImpl {
            target_address: to,
            input: CallInput::Bytes(Bytes::copy_from_slice(data)),
            ..InputsImpl::default()
        };
        let mut interpreter = Interpreter::<EthInterpreter>::new(
            SharedMemory::new(),
            ExtBytecode::new(code),
            inputs,
            is_static,
            SPEC,
            GAS,
        );
        let mut state = State {
            chain: self,
            gas: GasParams::new_spec(SPEC),
        };
        let table = instruction_table::<EthInterpreter, State<'_>>();
        match interpreter.run_plain(&table, &gas_table(), &mut state) {
            InterpreterAction::Return(result) if result.result.is_ok() => {
                Ok(result.output.to_vec())
            }
            InterpreterAction::Return(result) => Err(format!("{:?}", result.result)),
            InterpreterAction::NewFrame(_) => Err("our contracts call nobody".to_owned()),
        }
    }
}

/// The chain as the interpreter sees it.
struct State<'a> {
    chain: &'a mut Chain,
    gas: GasParams,
}

impl Host for State<'_> {
    fn basefee(&self) -> U256 {
        U256::ZERO
    }
    fn blob_gasprice(&self) -> U256 {
        U256::ZERO
    }
    fn gas_limit(&self) -> U256 {
        U256::from(GAS)
    }
    fn difficulty(&self) -> U256 {
        U256::ZERO
    }
    fn prevrandao(&self) -> Option<U256> {
        None
    }
    fn block_number(&self) -> U256 {
        U256::from(self.chain.block)
    }
    fn timestamp(&self) -> U256 {
        U256::from(self.chain.time)
    }
    fn beneficiary(&self) -> Address {
        Address::ZERO
    }
    fn slot_num(&self) -> U256 {
        U256::ZERO
    }
    fn chain_id(&self) -> U256 {
        U256::from(14)
    }
    fn effective_gas_price(&self) -> U256 {
        U256::ZERO
    }
    fn caller(&self) -> Address {
        Address::ZERO
    }
    fn blob_hash(&self, _: usize) -> Option<U256> {
        None
    }
    fn max_initcode_size(&self) -> usize {
        0
    }
    fn gas_params(&self) -> &GasParams {
        &self.gas
    }
    fn is_amsterdam_eip8037_enabled(&self) -> bool {
        false
    }
    fn block_hash(&mut self, _: u64) -> Option<B256> {
        None
    }
    fn selfdestruct(
        &mut self,
        _: Address,
        _: Address,
        _: bool,
    ) -> Result<StateLoad<SelfDestructResult>, LoadError> {
        Err(LoadError::DBError)
    }
    fn log(&mut self, _: Log) {}
    fn sstore_skip_cold_load(
        &mut self,
        address: Address,
        key: U256,
        value: U256,
        _: bool,
    ) -> Result<StateLoad<SStoreResult>, LoadError> {
        self.chain.storage.insert((address, key), value);
        Ok(StateLoad::default())
    }
    fn sload_skip_cold_load(
        &mut self,
        address: Address,
        key: U256,
        _: bool,
    ) -> Result<StateLoad<U256>, LoadError> {
        let value = self.chain.storage.get(&(address, key)).copied();
        Ok(StateLoad::new(value.unwrap_or_default(), false))
    }
    fn tstore(&mut self, _: Address, _: U256, _: U256) {}
    fn tload(&mut self, _: Address, _: U256) -> U256 {
        U256::ZERO
    }
    fn load_account_info_skip_cold_load(
        &mut self,
        _: Address,
        _: bool,
        _: bool,
    ) -> Result<AccountInfoLoad<'_>, LoadError> {
        Err(LoadError::DBError)
    }
}
