//! An exchange without threads, a hub, and what lies between them, to be delivered bit by bit.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use engine::domain::{AccountId, Amount, AssetId, Movement, Timestamp, UserName};
use engine::exchange::Exchange;
use engine::report::{Report, ReportKind};
use engine::request::{Correlation, Request, RequestKind};
use engine::runtime::SubmitError;
use serde_json::Value;

use crate::config::{Config, DemoOptions};
use crate::hub::{ConnectionId, Hub, Mailbox, Remembered, Submit};
use crate::private_data::{PrivateData, Valuation, Worths};
use crate::session::{Inbound, Login, Refused};
use crate::wire::decode;

pub(super) const USERS: [&str; 3] = ["alice", "bob", "carol"];

/// Requests that the hub made and the exchange has not seen; as many find room as may.
#[derive(Clone, Default)]
pub(super) struct Asked {
    queue: Arc<Mutex<VecDeque<Request>>>,
    room: Arc<Mutex<Option<usize>>>,
}

impl Asked {
    pub(super) fn set_room(&self, room: Option<usize>) {
        *self.room.lock().unwrap() = room;
    }
}

impl Submit for Asked {
    fn submit(&mut self, request: Request) -> Result<(), SubmitError> {
        let mut queue = self.queue.lock().unwrap();
        let room = *self.room.lock().unwrap();
        if room.is_some_and(|room| queue.len() >= room) {
            return Err(SubmitError::Full);
        }
        queue.push_back(request);
        Ok(())
    }
}

pub(super) struct World {
    pub(super) config: Config,
    pub(super) hub: Hub,
    pub(super) exchange: Exchange,
    pub(super) asked: Asked,
    /// What the exchange said and the hub has not heard.
    said: VecDeque<Report>,
    /// All that was ever said, as a journal would say it again.
    history: Vec<Report>,
    pub(super) now: Timestamp,
}

impl World {
    pub(super) fn new(change: impl FnOnce(&mut Config)) -> World {
        let mut config = Config::demo(&DemoOptions::default());
        config.limits.messages_per_second = 1_000_000;
        config.limits.messages_per_second_per_address = 1_000_000;
        config.limits.order_commands_per_minute = 1_000_000;
        config.limits.cancels_per_minute = 1_000_000;
        change(&mut config);
        let mut exchange = Exchange::new(config.exchange.clone()).unwrap();
        let now = Timestamp(1_700_000_000_000);
        for (account, user) in (0..).map(AccountId).zip(USERS) {
            let name = UserName::new(user).unwrap();
            let mut asks = vec![RequestKind::OpenAccount { name }];
            for asset in (0..4).map(AssetId) {
                let amount = Amount::new(1 << 50).unwrap();
                asks.push(RequestKind::Deposit {
                    account,
                    asset,
                    amount,
                });
            }
            for kind in asks {
                let correlation = Correlation(0);
                exchange.apply(&Request { correlation, kind }, now, &mut Vec::new());
            }
        }
        for opening in &config.reserves {
            let kind = RequestKind::FundReserve {
                reserve: opening.reserve,
                asset: opening.asset,
                change: Movement::In(opening.amount),
            };
            let correlation = Correlation(0);
            exchange.apply(&Request { correlation, kind }, now, &mut Vec::new());
        }
        let hub = Hub::new(&config, &exchange);
        let mut world = World {
            config,
            hub,
            exchange,
            asked: Asked::default(),
            said: VecDeque::new(),
            history: Vec::new(),
            now,
        };
        world.hub.connect(Box::new(world.asked.clone()));
        world
    }

    pub(super) fn open(&mut self, mailbox_bytes: usize) -> (ConnectionId, Mailbox) {
        let mailbox = Mailbox::new(mailbox_bytes);
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let id = self.hub.open(address, mailbox.clone(), self.now);
        (id, mailbox)
    }

    pub(super) fn log_in(&mut self, id: ConnectionId, user: &str, cancels: Option<bool>) {
        let login = Login {
            name: UserName::new(user).unwrap(),
            expires_at: self.now.plus(1_000_000_000),
            tier: None,
            cancel_on_disconnect: cancels,
            mark: Default::default(),
        };
        let request_id = None;
        let login = Ok(login);
        let inbound = Inbound::Login { request_id, login };
        self.hub.receive(id, inbound, self.now);
    }

    pub(super) fn send(&mut self, id: ConnectionId, message: &Value) {
        let inbound = match decode(&mut message.to_string().into_bytes()) {
            Ok(envelope) => Inbound::Request(envelope),
            Err(error) => Inbound::Refused(Refused::from(error)),
        };
        self.hub.receive(id, inbound, self.now);
    }

    /// Takes a request to the exchange; `false` where there is none.
    pub(super) fn decide(&mut self) -> bool {
        let request = self.asked.queue.lock().unwrap().pop_front();
        let Some(request) = request else { return false };
        let mut reports = Vec::new();
        self.exchange.apply(&request, self.now, &mut reports);
        self.history.extend(&reports);
        self.said.extend(reports);
        true
    }

    /// Takes a report to the hub; `false` where there is none.
    pub(super) fn tell(&mut self) -> bool {
        let Some(report) = self.said.pop_front() else {
            return false;
        };
        self.hub.report(&report, self.now);
        true
    }

    /// Delivers everything.
    pub(super) fn settle(&mut self) {
        loop {
            while self.hub.deadline().is_some_and(|at| at <= self.now) {
                self.hub.timeout(self.now);
            }
            if !self.decide() && !self.tell() {
                return;
            }
        }
    }

    /// The process ends, with all that was asked, but not what was said: that is durable. Another
    /// one starts from the exchange's state, and from what the gateway kept: its image, or the
    /// reports of a replay.
    pub(super) fn restart(&mut self, from_image: bool) {
        self.asked = Asked::default();
        let kept = self.config.kept();
        let assets = self.config.instruments.assets().len();
        let mut private = PrivateData::new(assets, kept);
        let hear = |private: &mut PrivateData, report: &Report| match report.kind {
            ReportKind::Accepted(ref order) => private.on_accepted(order),
            ReportKind::Order(ref change) => {
                private.on_change(change, report.time).unwrap();
            }
            ReportKind::Position(ref change) => {
                private.on_position(change);
            }
            _ => {}
        };
        if from_image {
            let mut image = Vec::new();
            self.hub.private.save(&mut image);
            private.load(&mut image.as_slice()).unwrap();
            for report in self.said.drain(..) {
                hear(&mut private, &report);
            }
        } else {
            self.said.clear();
            for report in &self.history {
                hear(&mut private, report);
            }
        }
        let state = self.exchange.state();
        self.exchange = Exchange::restore(self.config.exchange.clone(), &state).unwrap();
        self.hub = Hub::new(&self.config, &self.exchange);
        self.hub.remember(Remembered {
            private,
            trades: Vec::new(),
            days: Vec::new(),
            worths: self.no_worths(),
        });
    }

    /// Of nobody: what orders came to does not depend on it.
    fn no_worths(&self) -> Worths {
        let instruments = &self.config.instruments;
        let valuation = Valuation::new(instruments, self.config.valuation);
        Worths::new(valuation, instruments.all().len(), &|pair| {
            Some(instruments.get(pair)?.pair.reference_price())
        })
    }
}
