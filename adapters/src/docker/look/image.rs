//! The image that a reference stands for now.

use bollard::models::ImageInspect;
use engine::{ImageId, ImageRef, ImageSeen};

use super::field::{Unreadable, need_text};

/// The image that an answer to `GET /images/REFERENCE/json` shows.
pub fn seen(reference: &ImageRef, image: ImageInspect) -> Result<ImageSeen, Unreadable> {
    Ok(ImageSeen { reference: reference.clone(), id: ImageId::new(need_text(image.id, "Id")?) })
}
