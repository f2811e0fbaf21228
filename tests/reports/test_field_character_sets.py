"""Names in every character set: case 24 of what the field throws at the product."""

import io
import shutil
import struct
import subprocess

import pydicom
import pytest
from dicom_peers import dicom_image
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR, tag_for_keyword

from core.images import decode, decoded_text, open_dicom
from core.inference import Reader, bundled_models
from core.reports import dicom_objects
from core.reports.dicom_objects import KINDS

ASCII = "Doe^Jane"
JAPANESE = (
    b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
    "Yamada^Tarou=山田^太郎=やまだ^たろう",
)  # PS3.5, H.3.1
KATAKANA = (
    b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
    "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
)  # PS3.5, H.3.2
KOREAN = (
    b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
    "Hong^Gildong=洪^吉洞=홍^길동",
)  # PS3.5, I.2
CHINESE_58 = (
    b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=",
    "Zhang^XiaoDong=张^小东=",
)  # PS3.5, K.2
SINGLE = {  # single-byte character sets: a name, by the part of their terms
    "100": ("latin_1", "Buc^Jérôme"),
    "101": ("iso8859_2", "Wałęsa^Łukasz"),
    "109": ("iso8859_3", "Ġorġ^Ħal"),
    "110": ("iso8859_4", "Bērziņš^Jānis"),
    "126": ("iso8859_7", "Διονυσιος"),
    "127": ("iso8859_6", "قباني^لنزار"),
    "138": ("iso8859_8", "שרון^דבורה"),
    "144": ("iso8859_5", "Люкceмбypг"),
    "148": ("iso8859_9", "Çavuşoğlu"),
    "166": ("tis_620", "นามสกุล"),
    "203": ("iso8859_15", "Œuvre^Zoë"),
}
CASES = {
    "no value": ("", ASCII.encode(), ASCII),
    "ISO_IR 6": ("ISO_IR 6", ASCII.encode(), ASCII),
    "ISO 2022 IR 6": ("ISO 2022 IR 6", ASCII.encode(), ASCII),
    "ISO_IR 13": ("ISO_IR 13", KATAKANA[0][:8], "ﾔﾏﾀﾞ^ﾀﾛｳ"),
    "UTF-8": ("ISO_IR 192", "Wang^XiaoDong=王^小東=".encode(), "Wang^XiaoDong=王^小東="),
    "GB18030": ("GB18030", "Wang^XiaoDong=王^小东=".encode("gb18030"), "Wang^XiaoDong=王^小东="),
    "GBK": ("GBK", "Wang^XiaoDong=王^小东=".encode("gbk"), "Wang^XiaoDong=王^小东="),
    "a byte that looks like a backslash": ("GB18030", "Guo=郭^乗=".encode("gb18030"), "Guo=郭^乗="),
    "Japanese": ("\\ISO 2022 IR 87", *JAPANESE),
    "Japanese, first value named": ("ISO 2022 IR 6\\ISO 2022 IR 87", *JAPANESE),
    "Japanese, half-width": ("ISO 2022 IR 13\\ISO 2022 IR 87", *KATAKANA),
    "Japanese, three sets": ("\\ISO 2022 IR 87\\ISO 2022 IR 159", *JAPANESE),
    "JIS X 0212": ("\\ISO 2022 IR 159", b"A=\x1b$(D0!\x1b(B", "A=丂"),
    "Korean": ("\\ISO 2022 IR 149", *KOREAN),
    "Chinese with code extensions": ("\\ISO 2022 IR 58", *CHINESE_58),
    "Greek and Cyrillic": (
        "ISO 2022 IR 100\\ISO 2022 IR 144\\ISO 2022 IR 126",
        b"Dionysios=\x1b-F" + "Διονυσιος".encode("iso8859_7") + b"=\x1b-L" + "Люк".encode("iso8859_5"),
        "Dionysios=Διονυσιος=Люк",
    ),
    "stand-alone set with extensions": ("ISO_IR 192\\ISO 2022 IR 87", "山田^太郎".encode(), "山田^太郎"),
    "extension that stands alone": ("\\ISO_IR 192", ASCII.encode(), ASCII),
    "no value, but Latin-1": ("", "Müller".encode("latin-1"), "Müller"),
    "no value, but UTF-8": ("", "Müller=山田".encode(), "Müller=山田"),
    "unknown, ASCII": ("KLINGON", ASCII.encode(), ASCII),
    "unknown, UTF-8": ("KLINGON", "Müller".encode(), "MÃ¼ller"),
    "a codec that is none of text": ("HEX", ASCII.encode(), ASCII),
    "escapes of a set that is not named": ("ISO_IR 100", b"Yamada=\x1b$B;3ED\x1b(B", None),
    "broken UTF-8": ("ISO_IR 192", b"M\xfcller", "M\ufffdller"),
    "empty": ("\\ISO 2022 IR 87", b"", ""),
}
for number, (encoding, name) in SINGLE.items():
    CASES[f"ISO_IR {number}"] = (f"ISO_IR {number}", name.encode(encoding), name)
    CASES[f"ISO 2022 IR {number}"] = (f"ISO 2022 IR {number}", name.encode(encoding), name)
MISSPELT = {
    "100": ["ISO_IR_100", "ISO IR 100", "ISO-IR 100", "ISO_IR100", "iso_ir 100", "ISO 2022 IR100", "LATIN1"],
    "": ["ISO 8859-1", "ISO_8859-1", "Latin-1", "latin_1", "ISO_IR 100 ", "ISO2022 IR 100"],
    "144": ["ISO_IR_144", "ISO IR 144", "ISO-8859-5", "ISO 8859_5"],
}
for number, spellings in MISSPELT.items():
    encoding, name = SINGLE[number or "100"]
    CASES |= {spelling: (spelling, name.encode(encoding), name) for spelling in spellings}
for spelling in ("ISO IR 192", "ISO_IR_192", "ISO-IR-192", "ISO_IR192", "UTF-8", "utf8", "UTF_8"):
    CASES[spelling] = (spelling, "山田^太郎".encode(), "山田^太郎")
for spelling in ("\\ISO_2022_IR_87", "\\ISO 2022-IR 87", "\\ISO2022IR87", "ISO 2022 IR 87", "\\ISO_IR 87"):
    CASES[spelling] = (spelling, *JAPANESE)
CASES["windows-1251"] = ("windows-1251", "Иванов".encode("cp1251"), "Иванов")
CASES["Shift_JIS"] = ("Shift_JIS", "山田^太郎".encode("cp932"), "山田^太郎")
STANDARD = [
    name for name in CASES if name in SINGLE or name.startswith(("Japanese", "Korean", "GB", "UTF-8"))
]
STANDARD += [f"ISO_IR {number}" for number in SINGLE if number not in ("203",)]


def element(name: str, vr: bytes, value: bytes) -> bytes:
    tag = tag_for_keyword(name) or 0
    value += b" " * (len(value) % 2)
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def image(character_set: str, name: bytes) -> bytes:
    """An image whose character set and name are these bytes."""
    file = dicom_image(1)
    del file.PatientName
    buffer = io.BytesIO()
    file.save_as(buffer, enforce_file_format=True)
    data = buffer.getvalue()
    charset = element("SpecificCharacterSet", b"CS", character_set.encode("latin-1"))
    for before, added in (
        (b"\x08\0\x16\0UI", charset),
        (b"\x10\0\x20\0LO", element("PatientName", b"PN", name)),
    ):
        position = data.index(before)
        data = data[:position] + added + data[position:]
    return data


@pytest.mark.parametrize("name", CASES)
def test_24_a_name_is_read_in_its_character_set(name):
    character_set, data, expected = CASES[name]
    decoded = decoded_text(open_dicom(image(character_set, data)), "PatientName")
    assert decoded == expected if expected is not None else decoded.startswith("Yamada=")


@pytest.mark.parametrize("name", CASES)
def test_24_an_image_is_read_whatever_its_character_set(name):
    character_set, data, _ = CASES[name]
    assert decode(image(character_set, data), "image.dcm").pixels.shape == (384, 384)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("dcmdump"), reason="dcmtk is not installed")
@pytest.mark.parametrize("name", STANDARD)
def test_24_dcmtk_reads_the_same_name(name, tmp_path):
    character_set, data, expected = CASES[name]
    (tmp_path / "image.dcm").write_bytes(image(character_set, data))
    command = ["dcmdump", "+U8", "+P", "PatientName", str(tmp_path / "image.dcm")]
    done = subprocess.run(command, capture_output=True, text=True)
    if "not available" in done.stderr or "not supported" in done.stderr.lower():
        pytest.skip(done.stderr)
    assert f"[{expected}]" in done.stdout, done.stdout + done.stderr


@pytest.fixture(scope="module")
def reading(home, narrow_files):
    """A reading of an image, and the bundled model that made it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PNEUMONIA_STUDIO_BUNDLED", str(narrow_files))
        model = bundled_models()[-1]
        (reading,) = Reader(model.path, "float32").read(
            [decode(image("", ASCII.encode()), "image.dcm")], heat_map=True, anyway=True
        )
    return reading, model


ODD = {  # values that devices write, though DICOM does not allow them
    "impossible dates": {"StudyDate": "20241399", "PatientBirthDate": "20200230", "StudyTime": "99"},
    "one direction": {"PatientOrientation": "L"},
    "control characters": {"PatientID": "A\x01B", "PatientName": "D\x0be"},
    "several values": {"PatientID": "A\\B", "PatientName": "A^B\\C^D"},
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*alue")
@pytest.mark.parametrize("name", ODD)
def test_24_odd_values_do_not_keep_results_back(name, reading, tmp_path):
    file = dicom_image(1)
    for keyword, value in ODD[name].items():
        file.add(pydicom.DataElement(keyword, dictionary_VR(keyword), value, validation_mode=IGNORE))
    buffer = io.BytesIO()
    file.save_as(buffer, enforce_file_format=True)
    for made, content in dicom_objects(buffer.getvalue(), *reading).items():
        (tmp_path / made).write_bytes(content)
        if shutil.which("dciodvfy"):
            said = subprocess.run(["dciodvfy", tmp_path / made], capture_output=True, text=True).stderr
            assert not [line for line in said.splitlines() if line.startswith("Error")], said


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("dciodvfy"), reason="dicom3tools are not installed")
def test_comments_of_header_rules_are_valid(home, narrow_bundle, tmp_path):
    """A lateral hand of a pensioner: every rule of the header comments on the result."""
    file = dicom_image(1)
    file.ViewPosition, file.BodyPartExamined, file.PatientAge = "LL", "HAND", "067Y"
    buffer = io.BytesIO()
    file.save_as(buffer, enforce_file_format=True)
    model = bundled_models()[-1]
    image = decode(buffer.getvalue(), "image.dcm")
    (reading,) = Reader(model.path, "float32").read([image], heat_map=True, anyway=True)
    content = dicom_objects(buffer.getvalue(), reading, model, ("finding",))["finding.dcm"]
    (tmp_path / "finding.dcm").write_bytes(content)
    said = subprocess.run(["dciodvfy", tmp_path / "finding.dcm"], capture_output=True, text=True).stderr
    assert not [line for line in said.splitlines() if line.startswith(("Error", "Warning"))], said
    printed = subprocess.run(
        ["dsrdump", "+Pl", tmp_path / "finding.dcm"], capture_output=True, text=True
    ).stdout
    assert all(part in printed for part in ("ViewPosition LL", "BodyPartExamined HAND", "67 years old"))


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_24_every_image_gets_its_results_in_utf_8(name, reading, tmp_path):
    character_set, data, expected = CASES[name]
    kinds = KINDS if name in STANDARD else ("finding",)
    for file, content in dicom_objects(image(character_set, data), *reading, kinds=kinds).items():
        made = pydicom.dcmread(io.BytesIO(content))
        assert made.SpecificCharacterSet == "ISO_IR 192"
        if expected is not None:
            assert str(made.PatientName).rstrip("=") == expected.rstrip("="), file
            assert expected.rstrip("=").encode() in content
        if shutil.which("dciodvfy"):
            (tmp_path / file).write_bytes(content)
            said = subprocess.run(["dciodvfy", tmp_path / file], capture_output=True, text=True).stderr
            assert not [line for line in said.splitlines() if line.startswith("Error")], said
