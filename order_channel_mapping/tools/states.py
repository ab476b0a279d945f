"""Which state of a country a marketplace means: by its code, by a code that stores use for it, by its name. Pure Python.

Odoo's codes are ISO 3166-2's for most countries, with the country in front for some. WooCommerce and Shopify have codes of
their own for others: those that would not be found stand in :data:`STORE_CODES`.
"""

from __future__ import annotations

import re
import unicodedata


def _table(text):
    return {
        their: ours for codes, ours in (entry.rsplit("=", 1) for entry in text.split()) for their in codes.split(",")
    }


#: country -> {code of a store: Odoo's code}. CN<number>, JA, AK, AMA are WooCommerce's; two letters of China ISO's
STORE_CODES = {
    "CN": _table(
        "CN1,YN=滇 CN2,BJ=京 CN3,TJ=津 CN4,HE=冀 CN5,SX=晋 CN6,NM=蒙 CN7,LN=辽 CN8,JL=吉 CN9,HL=黑 CN10,SH=沪 CN11,JS=苏 "
        "CN12,ZJ=浙 CN13,AH=皖 CN14,FJ=闽 CN15,JX=赣 CN16,SD=鲁 CN17,HA=豫 CN18,HB=鄂 CN19,HN=湘 CN20,GD=粤 CN21,GX=桂 "
        "CN22,HI=琼 CN23,CQ=渝 CN24,SC=蜀 CN25,GZ=黔 CN26,SN=陕 CN27,GS=甘 CN28,QH=青 CN29,NX=宁 CN30,MO=澳 CN31,XZ=藏 "
        "CN32,XJ=新 TW=台 HK=港"
    ),
    "MX": _table(
        "AG,AGS=AGU BC=BCN BS=BCS CM,CAMP=CAM CS,CHIS=CHP CH,CHIH=CHH CO,COAH=COA CL=COL DF,CDMX,DIF=CMX DG,DGO=DUR GT,GTO=GUA "
        "GR=GRO HG,HGO=HID JA=JAL MX=MEX MI,MICH=MIC MO=MOR NA=NAY NL=NLE OA=OAX PU=PUE QT,QRO=QUE QR=ROO SL=SLP SI=SIN "
        "SO=SON TB=TAB TM,TAMPS=TAM TL,TLAX=TLA VE=VER YU=YUC ZA=ZAC"
    )
    | {"Q ROO": "ROO"},
    "IE": _table("CO=C TA=TR"),
    "IN": _table("CT=CG OR=OD TG=TS UT=UK"),
    "NZ": _table(
        "NL=NTL AK=AUK WA=WKO BP=BOP TK=TKI GI=GIS HB=HKB MW=MWT WE=WGN NS=NSN MB=MBH TM=TAS WC=WTC CT=CAN OT=OTA SL=STL"
    ),
    "PE": _table(
        "AMA=01 ANC=02 APU=03 ARE=04 AYA=05 CAJ=06 CAL=07 CUS=08 HUV=09 HUC=10 ICA=11 JUN=12 LAL=13 LAM=14 LIM,LMA=15 LOR=16 "
        "MDD=17 MOQ=18 PAS=19 PIU=20 PUN=21 SAM=22 TAC=23 TUM=24 UCA=25"
    ),
    "GT": _table(
        "AV=AVE BV=BVE CM=CMT CQ=CQM PR=EPR ES=ESC GU=GUA HU=HUE IZ=IZA JA=JAL JU=JUT PE=PET QZ=QUE QC=QUI RE=RET SA=SAC "
        "SM=SMA SR=SRO SO=SOL SU=SUC TO=TOT ZA=ZAC"
    ),
    "DO": _table(
        "01=DN 02=AZU 03=BAH 04=BAR 05=DAJ 06=DUA 07=ELP 08=ELS 09=ESP 10=IND 11=LA 12=LR 13=LV 14=MTS 15=MC 16=PED 17=PER "
        "18=PP 19=HEM 20=SAM 21=SC 22=SJ 23=SPM 24=SRA 25=STGO 26=SRO 27=VAL 28=MON 29=MP 30=HAM 31=SJO 32=SD"
    ),
    "EC": _table(
        "A=01 B=02 F=03 C=04 X=05 H=06 O=07 E=08 G=09 I=10 L=11 R=12 M=13 S=14 N=15 Y=16 P=17 T=18 Z=19 W=20 U=21 D=22 "
        "SD=23 SE=24"
    ),
    "CR": _table("SJ=1 A=2 C=3 H=4 G=5 P=6 L=7"),
    "MY": _table(
        "JHR=MY-01 KDH=MY-02 KTN=MY-03 MLK=MY-04 NSN=MY-05 PHG=MY-06 PNG=MY-07 PRK=MY-08 PLS=MY-09 SGR=MY-10 TRG=MY-11 "
        "SBH=MY-12 SWK=MY-13 KUL=MY-14 LBN=MY-15 PJY=MY-16"
    ),
    "PK": _table("JK=AJK IS,ICT=IS/ICT KP,KPK=KP/KPK"),
    "HK": {"HONG KONG": "HK", "KOWLOON": "KLN", "NEW TERRITORIES": "NT"},
    "ES": _table("ML=ME"),
    "PH": _table("DAC=PH-DVO SIQ=PH-SIG"),
}
#: what stores call a state there and nobody writes in an address
NO_STATES = {"GB": frozenset({"ENG", "SCT", "WLS", "NIR", "GBN", "BFP"})}
_LETTERS = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "’": "'"})
_AROUND = re.compile(
    r"^(?:co|county|state of|province of|provincia (?:di|de)|region of)\.?\s"
    r"|\s(?:county|province|prefecture|oblast|region|state)$"
)


def code_keys(country, code):
    """The keys that a state of Odoo has by its code.

    >>> code_keys("JP", "JP-13"), code_keys("TR", "06")
    (['jp-13', '13'], ['06', '6'])
    """
    code = code.casefold()
    keys = [code]
    if code.startswith(f"{country.casefold()}-"):
        keys.append(code[len(country) + 1 :])
    return [*keys, *(key.lstrip("0") for key in keys if key.isdigit() and key.startswith("0"))]


def name_keys(name):
    """The keys that a state has by its name: whole, and each of several names.

    >>> name_keys("Araba/Álava"), name_keys("Île-de-France")
    (['araba alava', 'araba', 'alava'], ['ile de france'])
    """
    names = [name, *re.split(r"[/()]", name)]
    return list(dict.fromkeys(filter(None, map(_plain, names))))


def _plain(name):
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(re.findall(r"[^\W_]+", _AROUND.sub(" ", " ".join(plain.split()))))


def wanted_keys(country, text):
    """The keys under which a state may be found, the surest first.

    :param country: ISO code
    :param text: what the marketplace says: a code or a name
    """
    code = (text or "").strip()
    if not code or not country:
        return []
    upper = code.upper()
    bare = upper.removeprefix(country).lstrip("-") if upper != country else upper
    theirs = STORE_CODES.get(country, {})
    ours = [theirs[key] for key in (upper, bare) if key in theirs]
    keys = [key.casefold() for key in (*ours, upper, bare) if key]
    keys += [key.lstrip("0") for key in keys if key.isdigit() and key.startswith("0")]
    return list(dict.fromkeys([*keys, *name_keys(code)]))


def is_no_state(country, text):
    return (text or "").strip().upper() in NO_STATES.get(country, ())
