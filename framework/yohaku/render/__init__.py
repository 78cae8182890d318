"""Pictures and documents, all made from the one layout model: terminal, SVG, HTML, Markdown, JSON Schema."""
