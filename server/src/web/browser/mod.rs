//! What browsers use: pages, forms, live streams, files.

pub mod event_stream;
pub mod files;
pub mod forms;
pub mod mailbox;
mod page_cache;
pub mod pages;
pub mod sign_in;

pub use event_stream::EventHub;
pub use forms::Forms;
pub use page_cache::PageCache;
pub use pages::Pages;
