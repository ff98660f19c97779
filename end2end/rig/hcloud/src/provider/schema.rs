//! How a resource type is described: once, for the schema, the plan and the refresh.

use std::collections::HashMap;

use tf_provider::schema::{self, Attribute, AttributeConstraint, AttributeType, NestedBlock};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Type {
    Text,
    Number,
    Flag,
    Texts,
    TextSet,
    NumberSet,
    TextMap,
}

#[derive(Clone, Debug)]
pub struct Field {
    pub name: &'static str,
    of: Type,
    constraint: AttributeConstraint,
    /// A change makes a new resource.
    pub replaces: bool,
}

impl Field {
    pub fn replaces(self) -> Self {
        Self { replaces: true, ..self }
    }

    pub fn computed(&self) -> bool {
        matches!(self.constraint, AttributeConstraint::Computed | AttributeConstraint::OptionalComputed)
    }
}

fn field(name: &'static str, of: Type, constraint: AttributeConstraint) -> Field {
    Field { name, of, constraint, replaces: false }
}

pub fn required(name: &'static str, of: Type) -> Field {
    field(name, of, AttributeConstraint::Required)
}

pub fn optional(name: &'static str, of: Type) -> Field {
    field(name, of, AttributeConstraint::Optional)
}

/// The cloud chooses where nothing is asked.
pub fn chosen(name: &'static str, of: Type) -> Field {
    field(name, of, AttributeConstraint::OptionalComputed)
}

pub fn computed(name: &'static str, of: Type) -> Field {
    field(name, of, AttributeConstraint::Computed)
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Nesting {
    Set,
    AtMostOne,
}

#[derive(Clone, Debug)]
pub struct Block {
    pub name: &'static str,
    pub nesting: Nesting,
    pub fields: Vec<Field>,
    pub blocks: Vec<Block>,
    pub replaces: bool,
    /// What the cloud has is of no interest where the configuration has no such block.
    pub only_if_asked: bool,
}

impl Block {
    pub fn new(name: &'static str, nesting: Nesting, fields: Vec<Field>) -> Self {
        Self { name, nesting, fields, blocks: Vec::new(), replaces: false, only_if_asked: true }
    }
}

/// What a resource type consists of; `id` is added to each.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    pub fields: Vec<Field>,
    pub blocks: Vec<Block>,
}

impl Shape {
    pub fn of(mut fields: Vec<Field>, blocks: Vec<Block>) -> Self {
        fields.push(computed("id", Type::Text));
        Self { fields, blocks }
    }

    pub fn schema(&self) -> schema::Schema {
        schema::Schema { version: 0, block: block(&self.fields, &self.blocks) }
    }
}

fn block(fields: &[Field], blocks: &[Block]) -> schema::Block {
    let attributes = fields.iter().map(|field| (field.name.to_owned(), attribute(field))).collect();
    let nested: HashMap<String, NestedBlock> = blocks
        .iter()
        .map(|inner| {
            let body = block(&inner.fields, &inner.blocks);
            let nested = match inner.nesting {
                Nesting::Set => NestedBlock::Set(body),
                Nesting::AtMostOne => NestedBlock::Optional(body),
            };
            (inner.name.to_owned(), nested)
        })
        .collect();
    schema::Block { version: 0, attributes, blocks: nested, ..Default::default() }
}

fn attribute(field: &Field) -> Attribute {
    let text = || Box::new(AttributeType::String);
    Attribute {
        attr_type: match field.of {
            Type::Text => AttributeType::String,
            Type::Number => AttributeType::Number,
            Type::Flag => AttributeType::Bool,
            Type::Texts => AttributeType::List(text()),
            Type::TextSet => AttributeType::Set(text()),
            Type::NumberSet => AttributeType::Set(Box::new(AttributeType::Number)),
            Type::TextMap => AttributeType::Map(text()),
        },
        constraint: field.constraint.clone(),
        ..Default::default()
    }
}
