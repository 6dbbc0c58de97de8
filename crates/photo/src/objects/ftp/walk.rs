//! One page of a listing. FTP lists folder by folder, each over a connection of its own, so a page ends early rather
//! than late: after some seconds it is what was found, and the next page goes on from there.

use super::session::{PARTS, Session};
use crate::objects::order::Wanted;
use crate::objects::{Listed, Page};
use std::time::Duration;
use suppaftp::FtpError;
use tokio::time::Instant;

const BUDGET: Duration = Duration::from_secs(2);
const DAY: i64 = 86_400_000_000;

impl Session {
    pub async fn page(
        &mut self,
        prefix: String,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Page, FtpError> {
        let wanted = Wanted { prefix, after: cursor.unwrap_or_default() };
        let (began, mut objects, mut clock_error) = (Instant::now(), Vec::new(), None);
        // No name up to this one is left to look at.
        let mut done = wanted.after.clone();
        // What is: the first of it last.
        let mut waiting = self.children("", &wanted).await?;
        while let Some(mut next) = waiting.pop() {
            // Without the second condition a page could end where it began.
            if objects.len() == limit || (began.elapsed() > BUDGET && done > wanted.after) {
                return Ok(Page { objects, next: Some(done) });
            }
            if next.name.ends_with('/') {
                let children = self.children(&next.name, &wanted).await?;
                if children.is_empty() {
                    done = format!("{}{}", next.name, char::MAX);
                }
                waiting.extend(children);
                continue;
            }
            // Old files are listed by their day alone, which tells nothing about the zone.
            if clock_error.is_none() && next.written_at % DAY != 0 {
                clock_error = Some(self.clock_error(&next.name, next.written_at).await?);
            }
            next.written_at += clock_error.unwrap_or(0);
            done.clone_from(&next.name);
            objects.push(next);
        }
        Ok(Page { objects, next: None })
    }

    /// Backwards. A folder's name ends with a slash.
    async fn children(&mut self, folder: &str, wanted: &Wanted) -> Result<Vec<Listed>, FtpError> {
        let mut children = Vec::new();
        for entry in self.folder(folder).await? {
            let slash = if entry.is_folder { "/" } else { "" };
            let name = format!("{folder}{}{slash}", entry.name);
            if wanted.is(&name) && !entry.name.starts_with('.') && !(folder.is_empty() && entry.name == PARTS)
            {
                children.push(Listed { name, bytes: entry.bytes, written_at: entry.written_at });
            }
        }
        children.sort_by(|a, b| b.name.cmp(&a.name));
        Ok(children)
    }
}
