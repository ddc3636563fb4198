//! QR codes as SVG.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

use crate::authenticate::Unavailable;

/// The margin in modules (ISO/IEC 18004, section 9.1).
const MARGIN: usize = 4;

/// Returns a QR code as an SVG element for an HTML page. Screen readers read the label.
///
/// It has no `style` and no script, so a strict Content-Security-Policy allows it. The label is not escaped.
pub(super) fn svg(text: &str, label: &'static str) -> Result<String, Unavailable> {
    let code =
        QrCode::with_error_correction_level(text, EcLevel::M).map_err(|error| Unavailable::new(error.to_string()))?;
    let (width, size) = (code.width(), code.width() + 2 * MARGIN);
    let mut path = String::new();
    for (index, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            let (x, y) = (index % width + MARGIN, index / width + MARGIN);
            write!(path, "M{x} {y}h1v1h-1z").map_err(Unavailable::new)?;
        }
    }
    Ok(format!(
        "<svg role=\"img\" aria-label=\"{label}\" viewBox=\"0 0 {size} {size}\" width=\"240\" height=\"240\" \
         shape-rendering=\"crispEdges\"><rect width=\"{size}\" height=\"{size}\" fill=\"#fff\"/>\
         <path d=\"{path}\" fill=\"#000\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::svg;

    #[test]
    fn a_code_is_an_element_without_styles_and_scripts() {
        let svg = svg("otpauth://totp/Entry%20book:alice?secret=GEZDGNBVGY3TQOJQ", "QR code").unwrap();
        assert!(svg.starts_with("<svg role=\"img\" aria-label=\"QR code\"") && svg.ends_with("</svg>"), "{svg}");
        // The corner of the first finder pattern, behind the margin.
        assert!(svg.contains("M4 4h1v1h-1z"), "{svg}");
        assert!(!svg.contains("style") && !svg.contains("script") && !svg.contains("secret"), "{svg}");
        assert!(super::svg(&"x".repeat(5000), "QR code").is_err());
    }
}
