//! Why a request is not done, and how LiteLLM says so (reference section 2.4).

use lockgate_core::ports::StoreError;
use serde_json::{Value, json};

/// Why a request is not done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub(crate) status: u16,
    message: String,
    kind: &'static str,
    param: Option<&'static str>,
    form: Form,
    /// Somebody else changed the same entity meanwhile: asking again may work.
    pub(crate) is_conflict: bool,
}

/// Which of LiteLLM's two error bodies.
#[derive(Debug, Clone, PartialEq)]
enum Form {
    /// What the route has.
    Route,
    /// `error`, whatever the route has: decided before the route was reached.
    Error,
    /// What `FastAPI` says about fields of the wrong type.
    Fields(Vec<Value>),
}

/// Which error body a route has: LiteLLM converts the errors of some routes and not of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorForm {
    /// `{"error": {"message", "type", "param", "code"}}`
    Error,
    /// `{"detail": {"error": message}}`
    Detail,
    /// `{"detail": message}`
    Plain,
}

// === impl Refusal ===

impl Refusal {
    fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            kind,
            param: None,
            form: Form::Route,
            is_conflict: false,
        }
    }

    /// 400: it cannot be done as it was asked for.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, "bad_request_error", message)
    }

    /// 404: what it is about is not there.
    pub(crate) fn missing(message: impl Into<String>) -> Self {
        Self::new(404, "not_found_error", message)
    }

    /// 409: it is there already.
    pub(crate) fn exists(message: impl Into<String>) -> Self {
        Self::new(409, "bad_request_error", message)
    }

    /// 403: the caller may not ask for this.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, "auth_error", message)
    }

    /// 403: the caller may not use this route.
    pub(crate) fn no_route(message: impl Into<String>) -> Self {
        Self {
            form: Form::Error,
            ..Self::forbidden(message)
        }
    }

    /// 422: these fields are wrong.
    pub(crate) fn fields(issues: Vec<Value>) -> Self {
        Self {
            form: Form::Fields(issues),
            ..Self::new(422, "validation_error", "")
        }
    }

    /// 500: there is no database.
    pub(crate) fn no_store() -> Self {
        let message = "No connected db. Keys, teams and budgets need a database.";
        Self {
            form: Form::Error,
            ..Self::new(500, "no_db_connection", message)
        }
    }

    /// 500: a stored value cannot be read any more.
    pub(crate) fn broken(message: impl Into<String>) -> Self {
        Self::new(500, "internal_server_error", message)
    }

    /// Names the field at fault.
    pub(crate) fn at(mut self, param: &'static str) -> Self {
        self.param = Some(param);
        self
    }

    /// Gives the error type, where it is not the status's usual one.
    pub(crate) fn of_type(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// The message, for answers that tell of many things at once.
    pub(crate) fn into_message(self) -> String {
        match self.form {
            Form::Fields(issues) => Value::from(issues).to_string(),
            Form::Route | Form::Error => self.message,
        }
    }

    /// The body, on a route that has this form.
    pub(crate) fn body(&self, form: ErrorForm) -> Value {
        match (&self.form, form) {
            (Form::Fields(issues), _) => json!({ "detail": issues }),
            (Form::Route, ErrorForm::Plain) => json!({ "detail": self.message }),
            (Form::Route, ErrorForm::Detail) => json!({"detail": {"error": self.message}}),
            (Form::Error, _) | (Form::Route, ErrorForm::Error) => json!({
                "error": {
                    "message": self.message,
                    "type": self.kind,
                    "param": self.param,
                    "code": self.status.to_string(),
                },
            }),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Exists => Self::bad("it exists already"),
            StoreError::NameTaken => Self::bad("another one has that name"),
            StoreError::Changed => Self {
                is_conflict: true,
                ..Self::exists("somebody else changed it meanwhile; ask again")
            },
            StoreError::Away(_) => Self {
                form: Form::Error,
                ..Self::new(503, "no_db_connection", "the database is away")
            },
            StoreError::Refused(_) => Self::broken("the database refused the change"),
        }
    }
}
