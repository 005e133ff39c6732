//! Reads single fields of a parsed message, each refusal naming the field and what was expected.
//!
//! An object is walked once for the fields that are wanted, so that a message of ten thousand
//! unknown fields costs ten thousand comparisons with each. `null` counts as absent. A wanted
//! field that stands twice is refused: two readers would not agree which one counts.

use engine::domain::{ClientOrderId, OrderId, PositionId, Side};
use rust_decimal::Decimal;
use simd_json::ValueType;
use simd_json::prelude::{TypedValue as _, ValueAsScalar as _};
use simd_json::tape::{Array, Object, Value};

use super::{
    DecimalError, MAX_DECIMAL_DIGITS, MAX_PAIR_CHARACTERS, MAX_REQUEST_ID_CHARACTERS, PairName,
    Reason, Refusal, RequestId, parse_decimal,
};

/// A field: its key, and its path from the message's root.
#[derive(Clone, Copy)]
pub(super) struct Field {
    key: &'static str,
    path: &'static str,
}

impl Field {
    /// A field of the root.
    pub(super) const fn root(key: &'static str) -> Field {
        Field { key, path: key }
    }

    /// A field further in.
    pub(super) const fn at(key: &'static str, path: &'static str) -> Field {
        Field { key, path }
    }

    /// A refusal about this field.
    pub(super) fn refuse(self, reason: Reason, expected: &str) -> Refusal {
        Refusal::field(reason, self.path, expected)
    }
}

/// One field of one object, perhaps absent.
#[derive(Clone, Copy)]
pub(super) struct Slot<'t, 'i> {
    pub(super) field: Field,
    value: Option<Value<'t, 'i>>,
}

/// The `fields` of `object`.
pub(super) fn read<'t, 'i, const N: usize>(
    object: &Object<'t, 'i>,
    fields: [Field; N],
) -> Result<[Slot<'t, 'i>; N], Refusal> {
    let mut slots = fields.map(|field| Slot { field, value: None });
    for (key, value) in object {
        if let Some(slot) = slots.iter_mut().find(|slot| slot.field.key == key) {
            if slot.value.is_some() {
                return Err(slot.field.refuse(Reason::DuplicateField, "it once"));
            }
            slot.value = Some(value);
        }
    }
    for slot in &mut slots {
        slot.value = slot
            .value
            .filter(|value| value.value_type() != ValueType::Null);
    }
    Ok(slots)
}

impl<'t, 'i> Slot<'t, 'i> {
    pub(super) const fn is_absent(&self) -> bool {
        self.value.is_none()
    }

    /// The field, or the refusal that it is missing. `expected` says what should be there.
    pub(super) fn needed(self, expected: &str) -> Result<Slot<'t, 'i>, Refusal> {
        match self.value {
            Some(_) => Ok(self),
            None => Err(self.field.refuse(Reason::MissingField, expected)),
        }
    }

    pub(super) fn text(&self) -> Result<Option<&'i str>, Refusal> {
        self.kind("a string", |value| value.as_str_of_input())
    }

    pub(super) fn boolean(&self) -> Result<Option<bool>, Refusal> {
        self.kind("true or false", |value| value.as_bool())
    }

    pub(super) fn unsigned(&self, expected: &str) -> Result<Option<u64>, Refusal> {
        self.kind(expected, |value| value.as_u64())
    }

    pub(super) fn object(&self) -> Result<Option<Object<'t, 'i>>, Refusal> {
        self.kind("an object", |value| value.as_object())
    }

    pub(super) fn array(&self) -> Result<Option<Array<'t, 'i>>, Refusal> {
        self.kind("a list", |value| value.as_array())
    }

    /// A string that is one of a few words; `expected` lists them.
    pub(super) fn word<T>(
        &self,
        expected: &str,
        from_word: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        let Some(text) = self.text()? else {
            return Ok(None);
        };
        match from_word(text) {
            Some(word) => Ok(Some(word)),
            None => Err(self.field.refuse(Reason::InvalidValue, expected)),
        }
    }

    pub(super) fn side(&self) -> Result<Option<Side>, Refusal> {
        self.word("\"buy\" or \"sell\"", |word| match word {
            "buy" => Some(Side::Buy),
            "sell" => Some(Side::Sell),
            _ => None,
        })
    }

    /// A decimal string. A JSON number has lost digits on its way already.
    pub(super) fn decimal(&self) -> Result<Option<Decimal>, Refusal> {
        let Some(value) = self.value else {
            return Ok(None);
        };
        let is_number = matches!(
            value.value_type(),
            ValueType::I64 | ValueType::U64 | ValueType::F64
        );
        if is_number {
            let expected = "a decimal in a string like \"995.00\", not a number";
            return Err(self.field.refuse(Reason::DecimalNotAString, expected));
        }
        let text = self.text()?.unwrap_or_default();
        parse_decimal(text).map(Some).map_err(|error| match error {
            DecimalError::Grammar => {
                let expected = "digits with at most one point between them like \"995.00\"";
                self.field.refuse(Reason::InvalidDecimal, expected)
            }
            DecimalError::TooLong => self
                .field
                .refuse(
                    Reason::DecimalTooLong,
                    &format!("at most {MAX_DECIMAL_DIGITS} digits"),
                )
                .number("maxDigits", length(MAX_DECIMAL_DIGITS)),
        })
    }

    pub(super) fn pair(&self) -> Result<Option<PairName>, Refusal> {
        match self.text()? {
            None => Ok(None),
            Some(text) if (1..=MAX_PAIR_CHARACTERS).contains(&text.len()) => {
                Ok(Some(Box::from(text)))
            }
            Some(_) => Err(self
                .field
                .refuse(Reason::InvalidValue, "a pair like \"BASE/QUOTE\"")),
        }
    }

    pub(super) fn symbol(&self) -> Result<Box<str>, Refusal> {
        let text = self.text()?.unwrap_or_default();
        if (1..=MAX_PAIR_CHARACTERS).contains(&text.len()) {
            return Ok(Box::from(text));
        }
        let expected = "a symbol like \"XRP\"";
        Err(self.field.refuse(Reason::InvalidValue, expected))
    }

    pub(super) fn client_order_id(&self) -> Result<Option<ClientOrderId>, Refusal> {
        match self.text()? {
            None => Ok(None),
            Some(text) => ClientOrderId::new(text).map(Some).map_err(|error| {
                self.field
                    .refuse(
                        Reason::InvalidClientOrderId,
                        &format!("1 to {} printable ASCII characters", error.max),
                    )
                    .number("maxCharacters", length(error.max))
            }),
        }
    }

    /// `order_N`. What is written otherwise is the name of no order.
    pub(super) fn order_id(&self) -> Result<Option<OrderId>, Refusal> {
        match self.text()? {
            None => Ok(None),
            Some(text) => text
                .strip_prefix("order_")
                .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
                .filter(|digits| !digits.starts_with('0'))
                .and_then(|digits| digits.parse().ok())
                .map(|number| Some(OrderId(number)))
                .ok_or_else(|| {
                    self.field
                        .refuse(Reason::UnknownOrder, "the id of an order")
                }),
        }
    }

    /// `pos_N`. What is written otherwise is the name of no position.
    pub(super) fn position_id(&self) -> Result<Option<PositionId>, Refusal> {
        match self.text()? {
            None => Ok(None),
            Some(text) => text
                .strip_prefix("pos_")
                .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
                .filter(|digits| !digits.starts_with('0'))
                .and_then(|digits| digits.parse().ok())
                .map(|number| Some(PositionId(number)))
                .ok_or_else(|| {
                    self.field
                        .refuse(Reason::NoPosition, "the id of a position")
                }),
        }
    }

    pub(super) fn request_id(&self) -> Result<Option<RequestId>, Refusal> {
        let Some(value) = self.value else {
            return Ok(None);
        };
        let most = MAX_REQUEST_ID_CHARACTERS;
        let text = value.as_str_of_input().filter(|text| {
            // At most four bytes a character: what is longer is not counted.
            !text.is_empty() && text.len() <= 4 * most && text.chars().count() <= most
        });
        let unsigned = value.as_u64().map(i128::from);
        let integer = unsigned.or_else(|| value.as_i64().map(i128::from));
        match (text, integer) {
            (Some(text), _) => Ok(Some(RequestId::Text(Box::from(text)))),
            (None, Some(integer)) => Ok(Some(RequestId::Integer(integer))),
            (None, None) => {
                let expected = format!("a string of 1 to {most} characters, or an integer");
                Err(self.field.refuse(Reason::InvalidRequestId, &expected))
            }
        }
    }

    fn kind<T>(
        &self,
        expected: &str,
        read: impl FnOnce(&Value<'t, 'i>) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        match &self.value {
            None => Ok(None),
            Some(value) => match read(value) {
                Some(read) => Ok(Some(read)),
                None => Err(self.field.refuse(Reason::WrongKind, expected)),
            },
        }
    }
}

/// Strings of the input outlive the tape.
trait InputText<'i> {
    fn as_str_of_input(&self) -> Option<&'i str>;
}

impl<'i> InputText<'i> for Value<'_, 'i> {
    fn as_str_of_input(&self) -> Option<&'i str> {
        simd_json::prelude::ValueIntoString::into_string(*self)
    }
}

fn length(length: usize) -> u64 {
    u64::try_from(length).expect("invariant: a length fits 64 bits")
}
