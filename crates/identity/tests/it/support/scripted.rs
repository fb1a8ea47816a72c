//! An HTTP client whose answers are written down beforehand.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use lockgate_identity::{Fetch, FetchFailed};
use serde_json::Value;

#[derive(Default)]
pub(crate) struct Scripted {
    answers: RefCell<HashMap<String, Answer>>,
    asked: RefCell<Vec<Request<Bytes>>>,
}

#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
    pub(crate) after: Duration,
}

// === impl Answer ===

impl Answer {
    pub(crate) fn json(body: &Value) -> Self {
        Self {
            status: 200,
            body: body.to_string().into(),
            after: Duration::ZERO,
        }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self {
            status,
            body: Bytes::new(),
            after: Duration::ZERO,
        }
    }

    pub(crate) fn after(mut self, time: Duration) -> Self {
        self.after = time;
        self
    }
}

// === impl Scripted ===

impl Scripted {
    /// From now on `url` answers this.
    pub(crate) fn answer(&self, url: &str, answer: Answer) {
        self.answers.borrow_mut().insert(url.to_owned(), answer);
    }

    /// From now on `url` cannot be reached.
    pub(crate) fn away(&self, url: &str) {
        self.answers.borrow_mut().remove(url);
    }

    /// How often anything was asked for.
    pub(crate) fn count(&self) -> usize {
        self.asked.borrow().len()
    }

    /// The addresses that were asked for, in order.
    pub(crate) fn urls(&self) -> Vec<String> {
        self.asked
            .borrow()
            .iter()
            .map(|request| request.uri().to_string())
            .collect()
    }

    /// The request that was sent last.
    pub(crate) fn last(&self) -> Request<Bytes> {
        self.asked.borrow().last().cloned().unwrap()
    }
}

impl Fetch for Scripted {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, FetchFailed> {
        let answer = self
            .answers
            .borrow()
            .get(&request.uri().to_string())
            .cloned();
        self.asked.borrow_mut().push(request);
        let Some(answer) = answer else {
            return Err(FetchFailed("nobody is there".to_owned()));
        };
        tokio::time::sleep(answer.after).await;
        let mut response = Response::new(answer.body);
        *response.status_mut() = answer.status.try_into().unwrap();
        Ok(response)
    }
}
