//! What all resource types share: plan, refresh, and the state after an apply.
//!
//! Like the real provider, except where OpenTofu allows that only to providers of the old kind:
//! optional fields without a value stay null (the real one writes its default), blocks that the
//! configuration does not have are not stored, and `user_data` is kept as it is (the real one keeps
//! its SHA-1).

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use tf_provider::value::{ValueAny, ValueEmpty};
use tf_provider::{AttributePath, Diagnostics, DynamicResource, Resource, schema};

use super::client::{Client, Refusal, Result};
use super::schema::{Block, Field, Shape};
use super::value::{agrees, from_wire, is_empty, is_unknown, same, to_wire, unknown};

/// A creation that failed may have left something behind: `id` says what.
pub struct Failure {
    pub id: Option<String>,
    pub refusal: Refusal,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self { id: None, refusal }
    }
}

#[async_trait]
pub trait Kind: Send + Sync + 'static {
    fn shape(&self) -> Shape;

    /// What is wrong with a configuration beyond its types; unknown values are null here.
    fn check(&self, _config: &Value) -> Vec<String> {
        Vec::new()
    }

    /// The new resource's id.
    async fn create(&self, client: &Client, plan: &Value) -> std::result::Result<String, Failure>;

    /// The fields that the API shows; none where the resource is gone.
    async fn read(&self, client: &Client, state: &Value) -> Result<Option<Value>>;

    async fn update(&self, client: &Client, prior: &Value, plan: &Value) -> Result<()>;

    async fn delete(&self, client: &Client, state: &Value) -> Result<()>;
}

pub type Connection = Arc<OnceLock<Client>>;

pub struct Managed<K> {
    kind: K,
    shape: Shape,
    connection: Connection,
}

pub fn managed<K: Kind>(kind: K, connection: &Connection) -> Box<dyn DynamicResource> {
    let shape = kind.shape();
    Box::new(Managed { kind, shape, connection: connection.clone() })
}

type Planned = (ValueAny, ValueEmpty);

impl<K: Kind> Managed<K> {
    fn client(&self) -> Result<&Client> {
        self.connection.get().ok_or_else(|| Refusal::local("the provider is not configured"))
    }

    async fn refresh(&self, state: &Value) -> Result<Option<Value>> {
        let Some(is) = self.kind.read(self.client()?, state).await? else {
            return Ok(None);
        };
        Ok(Some(refreshed(&self.shape.fields, &self.shape.blocks, state, &is)))
    }

    async fn settle(&self, mut plan: Value, id: &str) -> Result<Value> {
        plan["id"] = json!(id);
        let is = self.kind.read(self.client()?, &plan).await?;
        let is = is.ok_or_else(|| Refusal::local("the resource is gone right after its creation"))?;
        Ok(settled(&plan, &is))
    }
}

#[async_trait]
impl<K: Kind> Resource for Managed<K> {
    type State<'a> = ValueAny;
    type PrivateState<'a> = ValueEmpty;
    type ProviderMetaState<'a> = ValueEmpty;

    fn schema(&self, _: &mut Diagnostics) -> Option<schema::Schema> {
        Some(self.shape.schema())
    }

    async fn validate<'a>(&self, diags: &mut Diagnostics, config: ValueAny) -> Option<()> {
        for problem in self.kind.check(&known(from_wire(config))) {
            diags.root_error_short(problem);
        }
        Some(())
    }

    async fn read<'a>(
        &self,
        diags: &mut Diagnostics,
        state: ValueAny,
        private: ValueEmpty,
        _: ValueEmpty,
    ) -> Option<Planned> {
        match self.refresh(&from_wire(state.clone())).await {
            Ok(found) => found.map(|found| (to_wire(found), private)),
            Err(refusal) => {
                diags.root_error_short(refusal.to_string());
                Some((state, private))
            }
        }
    }

    async fn plan_create<'a>(
        &self,
        _: &mut Diagnostics,
        proposed: ValueAny,
        _config: ValueAny,
        _: ValueEmpty,
    ) -> Option<Planned> {
        let mut plan = from_wire(proposed);
        leave_open(&self.shape.fields, &self.shape.blocks, &mut plan);
        Some((to_wire(plan), ValueEmpty::Null))
    }

    async fn plan_update<'a>(
        &self,
        _: &mut Diagnostics,
        prior: ValueAny,
        proposed: ValueAny,
        _config: ValueAny,
        private: ValueEmpty,
        _: ValueEmpty,
    ) -> Option<(ValueAny, ValueEmpty, Vec<AttributePath>)> {
        let (prior, mut plan) = (from_wire(prior), from_wire(proposed));
        let fields = self.shape.fields.iter().map(|field| (field.name, field.replaces));
        let blocks = self.shape.blocks.iter().map(|block| (block.name, block.replaces));
        let replacing: Vec<AttributePath> = fields
            .chain(blocks)
            .filter(|(name, replaces)| *replaces && !same(&prior[*name], &plan[*name]))
            .map(|(name, _)| AttributePath::new(name))
            .collect();
        for block in &self.shape.blocks {
            for element in elements_mut(&mut plan[block.name]) {
                leave_open(&block.fields, &block.blocks, element);
            }
        }
        Some((to_wire(plan), private, replacing))
    }

    async fn plan_destroy<'a>(
        &self,
        _: &mut Diagnostics,
        _prior: ValueAny,
        private: ValueEmpty,
        _: ValueEmpty,
    ) -> Option<ValueEmpty> {
        Some(private)
    }

    async fn create<'a>(
        &self,
        diags: &mut Diagnostics,
        planned: ValueAny,
        _config: ValueAny,
        private: ValueEmpty,
        _: ValueEmpty,
    ) -> Option<Planned> {
        let plan = from_wire(planned);
        let made = match self.client() {
            Ok(client) => self.kind.create(client, &known(plan.clone())).await,
            Err(refusal) => Err(refusal.into()),
        };
        let (id, problem) = match made {
            Ok(id) => match self.settle(plan.clone(), &id).await {
                Ok(state) => return Some((to_wire(state), private)),
                Err(refusal) => (Some(id), refusal),
            },
            Err(failure) => (failure.id, failure.refusal),
        };
        diags.root_error_short(problem.to_string());
        // Half made is kept in the state, so that it is replaced and not forgotten.
        let id = id?;
        let mut state = known(plan);
        state["id"] = json!(id);
        Some((to_wire(state), private))
    }

    async fn update<'a>(
        &self,
        diags: &mut Diagnostics,
        prior: ValueAny,
        planned: ValueAny,
        _config: ValueAny,
        private: ValueEmpty,
        _: ValueEmpty,
    ) -> Option<Planned> {
        let (before, plan) = (from_wire(prior.clone()), from_wire(planned));
        let id = before["id"].as_str().unwrap_or_default().to_owned();
        let done = match self.client() {
            Ok(client) => self.kind.update(client, &before, &known(plan.clone())).await,
            Err(refusal) => Err(refusal),
        };
        let state = match done {
            Ok(()) => self.settle(plan, &id).await,
            Err(refusal) => Err(refusal),
        };
        match state {
            Ok(state) => Some((to_wire(state), private)),
            Err(refusal) => {
                diags.root_error_short(refusal.to_string());
                Some((prior, private))
            }
        }
    }

    async fn destroy<'a>(
        &self,
        diags: &mut Diagnostics,
        state: ValueAny,
        _private: ValueEmpty,
        _: ValueEmpty,
    ) -> Option<()> {
        let deleted = match self.client() {
            Ok(client) => self.kind.delete(client, &from_wire(state)).await,
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = deleted {
            diags.root_error_short(refusal.to_string());
        }
        Some(())
    }

    async fn import<'a>(&self, _: &mut Diagnostics, id: String) -> Option<Planned> {
        let mut state: Map<String, Value> = Map::new();
        for field in &self.shape.fields {
            state.insert(field.name.to_owned(), Value::Null);
        }
        for block in &self.shape.blocks {
            state.insert(block.name.to_owned(), json!([]));
        }
        state.insert("id".to_owned(), json!(id));
        Some((to_wire(Value::Object(state)), ValueEmpty::Null))
    }
}

fn elements_mut(list: &mut Value) -> impl Iterator<Item = &mut Value> {
    list.as_array_mut().into_iter().flatten()
}

fn elements(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// What the cloud chooses and nobody asked for is not known before the apply.
fn leave_open(fields: &[Field], blocks: &[Block], plan: &mut Value) {
    if !plan.is_object() {
        return;
    }
    for field in
        fields.iter().filter(|field| field.computed() && plan[field.name].is_null()).collect::<Vec<_>>()
    {
        plan[field.name] = unknown();
    }
    for block in blocks {
        for element in elements_mut(&mut plan[block.name]) {
            leave_open(&block.fields, &block.blocks, element);
        }
    }
}

/// Unknown becomes null.
fn known(value: Value) -> Value {
    match value {
        value if is_unknown(&value) => Value::Null,
        Value::Array(list) => list.into_iter().map(known).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, known(value))).collect(),
        other => other,
    }
}

/// The plan with its gaps filled from what is. What was planned stays, as OpenTofu demands; that
/// the cloud has it too is shown by the next refresh.
fn settled(plan: &Value, is: &Value) -> Value {
    match plan {
        plan if is_unknown(plan) => is.clone(),
        Value::Object(map) => {
            let empty = Value::Null;
            map.iter()
                .map(|(key, value)| (key.clone(), settled(value, is.get(key).unwrap_or(&empty))))
                .collect()
        }
        Value::Array(list) => list
            .iter()
            .map(|one| match elements(is).find(|other| agrees(one, other)) {
                Some(other) => settled(one, other),
                None => known(one.clone()),
            })
            .collect(),
        other => other.clone(),
    }
}

/// The state as it is now: the cloud's word for every field that it shows.
fn refreshed(fields: &[Field], blocks: &[Block], state: &Value, is: &Value) -> Value {
    let mut new = state.clone();
    let imported = fields.iter().all(|field| field.name == "id" || state[field.name].is_null());
    for field in fields {
        let Some(value) = is.get(field.name) else { continue };
        let before = &state[field.name];
        let unasked = !field.computed() && before.is_null() && is_empty(value);
        if !unasked && !same(before, value) {
            new[field.name] = value.clone();
        }
    }
    for block in blocks {
        let Some(found) = is.get(block.name) else { continue };
        if block.only_if_asked && !imported && is_empty(&state[block.name]) {
            continue;
        }
        let mut rest: Vec<&Value> = elements(found).collect();
        let mut list = Vec::new();
        for before in elements(&state[block.name]) {
            // Computed fields may have changed; what was asked for says which one it is.
            let mut asked = before.clone();
            for field in block.fields.iter().filter(|field| field.computed()) {
                asked[field.name] = Value::Null;
            }
            if let Some(at) = rest.iter().position(|is| agrees(&asked, is) && agrees_back(&asked, is)) {
                list.push(refreshed(&block.fields, &block.blocks, before, rest.remove(at)));
            }
        }
        list.extend(rest.into_iter().map(|is| whole(block, is)));
        new[block.name] = json!(list);
    }
    new
}

/// Nothing is there that was not asked for, in the fields that are asked for or empty.
fn agrees_back(asked: &Value, is: &Value) -> bool {
    let Some(map) = asked.as_object() else { return true };
    ["port", "source_ips", "destination_ips", "description"]
        .iter()
        .filter(|field| map.contains_key(**field))
        .all(|field| !is_empty(&asked[*field]) || is_empty(&is[*field]))
}

/// A block that nobody asked for, with every field of its schema.
fn whole(block: &Block, is: &Value) -> Value {
    let fields = block.fields.iter().map(|field| (field.name.to_owned(), is[field.name].clone()));
    let blocks = block.blocks.iter().map(|inner| {
        let list: Vec<Value> = elements(&is[inner.name]).map(|one| whole(inner, one)).collect();
        (inner.name.to_owned(), json!(list))
    });
    Value::Object(fields.chain(blocks).collect())
}

pub type Resources = HashMap<String, Box<dyn DynamicResource>>;
