"""Write the generated pages: python -m docs.generate"""

from docs.generate.pages import DOCS, GENERATED

if __name__ == "__main__":
    for name, content in GENERATED.items():
        (DOCS / name).write_text(content(), encoding="utf-8")
        print(f"docs/{name}")
