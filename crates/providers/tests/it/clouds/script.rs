//! An HTTP client that answers from a list and remembers what it was asked.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};
use lockgate_providers::{Credential, Credentials, FetchError, Http, HttpError};

/// Answers, by status and body; without one left nobody can be reached.
pub(super) struct Script {
    answers: RefCell<VecDeque<(u16, String)>>,
    asked: RefCell<Vec<String>>,
}

// === impl Script ===

impl Script {
    pub(super) fn new(answers: &[(u16, &str)]) -> Self {
        let answers = answers
            .iter()
            .map(|(status, body)| (*status, (*body).to_owned()));
        Self {
            answers: RefCell::new(answers.collect()),
            asked: RefCell::default(),
        }
    }

    /// Everything that was asked for, the pairs of a form one by one.
    pub(super) fn asked(&self) -> String {
        self.asked.borrow().join("\n\n")
    }

    /// Renews the only credential.
    pub(super) fn refresh(
        &self,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<(), FetchError> {
        let credential = only(credentials);
        let mut refresh = pin!(credential.refresh(self, now));
        match refresh
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("nothing here waits"),
        }
    }
}

impl Http for Script {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        let mut text = format!("{} {}", head.method, head.uri);
        for (name, value) in &head.headers {
            text += &format!("\n{name}: {}", value.to_str().unwrap());
        }
        for pair in std::str::from_utf8(&body).unwrap().split('&') {
            if !pair.is_empty() {
                text += &format!("\n  {pair}");
            }
        }
        self.asked.borrow_mut().push(text);
        match self.answers.borrow_mut().pop_front() {
            Some((status, body)) => Ok(Response::builder()
                .status(status)
                .body(Bytes::from(body))
                .unwrap()),
            None => Err(HttpError("no route to host".to_owned())),
        }
    }
}

pub(super) fn only(credentials: &Credentials) -> Arc<Credential> {
    let all = credentials.all();
    assert_eq!(all.len(), 1);
    all[0].clone()
}
