//! `picture_stable`: the address of a person's picture that a client may keep for good. It leads to whatever the picture
//! is by then, and nowhere once the person has withdrawn from the client.

use store::StoreError;
use store::grants::Grant;
use store::picture_links::NewLink;

use crate::Core;

impl Core {
    /// For the person and the client of this grant; made when it is asked for the first time. `None` where the grant has
    /// ended meanwhile.
    pub async fn picture_stable(&self, grant: &Grant) -> Result<Option<String>, StoreError> {
        let known = self.store.picture_link(&grant.user_id, &grant.client_id).await?;
        let handle = match known {
            Some(handle) => Some(handle),
            None => {
                let link = NewLink {
                    handle: self.random.id(),
                    grant_id: grant.id.clone(),
                    user_id: grant.user_id.clone(),
                    client_id: grant.client_id.clone(),
                    created_at: self.now(),
                };
                self.store.make_picture_link(link).await?
            }
        };
        Ok(handle.map(|handle| self.pictures.stable(&handle)))
    }
}
