//! `GET /assets/{file}`: everything that pages load beside themselves, cached for ever.

use actix_web::{HttpRequest, HttpResponse, http::header};
use views::assets;
use web::PageError;

pub async fn serve(request: HttpRequest) -> Result<HttpResponse, PageError> {
    let asset = assets::find(request.path()).ok_or_else(PageError::not_found)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, asset.content_type))
        .insert_header((header::CACHE_CONTROL, assets::CACHE_CONTROL))
        .body(asset.bytes.clone().into_owned()))
}
