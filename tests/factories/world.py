"""The world of the tests: who exists before a test begins.

Organisations and people follow the demo world in small: banks A and B, enterprises C1 and C2 as
customers of either, agencies, the three measurement centres, a guarantor, an insurer, desks of
government, one desk of another city, and the platform. Every role has a holder.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

from argon2 import PasswordHasher
from sqlmodel import Session

from app.audit.services import forget_pending
from app.db.engine import Database
from app.identity.domain import OrganisationKind
from app.identity.models import ApiToken, AuthorityLimit, Membership, Organisation, Person
from app.identity.sessions import actor_for, secret_sha256
from app.kernel.actor import PLATFORM_ORGANISATION_ID, Actor, system_actor
from app.kernel.ids import new_id
from app.market.services import load_market
from app.reference.services import load_reference

OPENED_AT: Final = datetime(2024, 1, 2, 2, 0, tzinfo=UTC)
"""Ten in the morning of the first business day of 2024 in Zhangye."""

TODAY: Final = date(2024, 1, 2)
SINCE: Final = date(2020, 1, 1)
PASSWORD: Final = "correct-horse-battery"
TOKEN_EXPIRES_AT: Final = datetime(2034, 1, 1, tzinfo=UTC)

K = OrganisationKind
ORGANISATIONS: Final = (
    ("PLATFORM", K.PLATFORM, "620700", "平台", "Platform"),
    ("A", K.BANK, "620725", "焉支示例农村商业银行", "Yanzhi Demo Rural Commercial Bank"),
    ("B", K.BANK, "620702", "弱水示例银行张掖分行", "Ruoshui Demo Bank, Zhangye Branch"),
    ("R01", K.BANK_MIRRORED, "620702", "示例政策性银行张掖市分行", "Demo Policy Bank"),
    ("C1", K.ENTERPRISE, "620725", "焉支示例林果有限公司", "Yanzhi Demo Orchard Co."),
    ("C2", K.ENTERPRISE, "620723", "合黎示例枣业有限公司", "Heli Demo Jujube Co."),
    ("AG1", K.APPRAISER, "620102", "崆峒示例资产评估有限公司", "Kongtong Demo Appraisal Co."),
    ("AG2", K.APPRAISER, "620102", "陇右示例森林资源评估所", "Longyou Demo Forest Appraisal"),
    ("MC", K.MRV_MEASURE, "620702", "张掖示例林草碳汇计量监测中心", "Demo Measurement Centre"),
    ("VC", K.MRV_VERIFY, "620702", "张掖示例林草碳汇审核认证中心", "Demo Certification Centre"),
    ("TC", K.LOCAL_REGISTRY, "620702", "张掖示例生态产品交易服务中心", "Demo Transaction Centre"),
    ("G1", K.GUARANTOR, "620702", "河西示例融资担保有限公司", "Hexi Demo Guarantee Co."),
    ("I1", K.INSURER, "620702", "祁连示例财产保险张掖中心支公司", "Qilian Demo P&C Insurance"),
    ("GOV-PBC", K.REGULATOR, "620700", "市级货币信贷监管岗（演示）", "City central-bank desk"),
    ("GOV-NFRA", K.REGULATOR, "620700", "市级金融监管岗（演示）", "City NFRA desk"),
    (
        "GOV-FO",
        K.LIST_AUTHORITY,
        "620700",
        "市级地方金融管理岗（演示）",
        "City finance-office desk",
    ),
    ("GOV-725", K.LIST_AUTHORITY, "620725", "山丹县清单推荐岗（演示）", "Shandan county desk"),
    ("GOV-FIN", K.FISCAL, "620700", "市级财政岗（演示）", "City fiscal desk"),
    ("GOV-F", K.DEPARTMENT, "620700", "市级林草岗（演示）", "City forestry desk"),
    ("GOV-X", K.REGULATOR, "620900", "外市金融监管岗（演示）", "Regulator of another city"),
)

PEOPLE: Final = (
    ("a-officer", "A", "loan-officer", "李青禾"),
    ("a-co", "A", "co-investigator", "马致远"),
    ("a-collateral", "A", "collateral-officer", "赵砚秋"),
    ("a-review", "A", "credit-reviewer", "孙明川"),
    ("a-approve", "A", "approver", "周怀谷"),
    ("a-committee1", "A", "committee-member", "吴樾"),
    ("a-committee3", "A", "committee-chair", "王在野"),
    ("a-drawdown", "A", "drawdown-checker", "冯知白"),
    ("a-ops", "A", "operations", "陈砺"),
    ("a-custody", "A", "custodian", "蒋素"),
    ("a-risk", "A", "risk-officer", "沈望舒"),
    ("a-preserve", "A", "preservation-officer", "韩北辰"),
    ("a-audit", "A", "internal-auditor", "杨静斋"),
    ("a-admin", "A", "branch-admin", "朱牧之"),
    ("b-officer", "B", "loan-officer", "秦河清"),
    ("b-co", "B", "co-investigator", "许沐"),
    ("b-collateral", "B", "collateral-officer", "何听泉"),
    ("b-review", "B", "credit-reviewer", "白露生"),
    ("b-approve", "B", "approver", "吕归云"),
    ("b-drawdown", "B", "drawdown-checker", "施南星"),
    ("b-ops", "B", "operations", "张既白"),
    ("b-stat", "B", "returns-officer", "孔令仪"),
    ("b-audit", "B", "internal-auditor", "顾深"),
    ("b-admin", "B", "branch-admin", "罗敷"),
    ("c1-fin", "C1", "enterprise-finance", "曹晚晴"),
    ("c2-fin", "C2", "enterprise-finance", "严冬生"),
    ("ag1-a", "AG1", "appraiser", "金石"),
    ("ag1-b", "AG1", "appraiser", "魏澜"),
    ("ag2-a", "AG2", "appraiser", "樊川"),
    ("ag2-b", "AG2", "appraiser", "陆离"),
    ("mc-1", "MC", "measurement-officer", "陶野"),
    ("mc-2", "MC", "measurement-officer", "燕知秋"),
    ("vc-1", "VC", "verifier", "姜以南"),
    ("tc-1", "TC", "filing-officer", "戚远舟"),
    ("g1-1", "G1", "guarantee-officer", "谢长风"),
    ("i1-1", "I1", "underwriter", "邹松"),
    ("i1-2", "I1", "claims-officer", "喻安"),
    ("pbc-1", "GOV-PBC", "regulator", "柏舟"),
    ("nfra-1", "GOV-NFRA", "regulator", "水溪"),
    ("fo-1", "GOV-FO", "list-authority", "窦明"),
    ("725-1", "GOV-725", "county-desk", "苏幕"),
    ("fin-1", "GOV-FIN", "fiscal-officer", "章台"),
    ("fin-2", "GOV-FIN", "fiscal-approver", "云中"),
    ("forest-1", "GOV-F", "department-officer", "林渡"),
    ("x-1", "GOV-X", "regulator", "潘外"),
    ("sys-1", "PLATFORM", "system-administrator", "葛系"),
    ("sec-1", "PLATFORM", "security-administrator", "奚安"),
    ("aud-1", "PLATFORM", "audit-administrator", "范审"),
    # The one person who acts for two organisations.
    ("both-stat", "A", "returns-officer", "两岸"),
    ("both-stat", "B", "returns-officer", "两岸"),
)

AUTHORITY_FEN: Final = {
    "a-approve": 5_000_000_00,
    "a-committee3": 50_000_000_00,
    "b-approve": 30_000_000_00,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Ids of the organisations by code, of people by login; actors and tokens by login."""

    organisations: dict[str, UUID]
    people: dict[str, UUID]
    actors: dict[tuple[str, str], Actor]
    home: dict[str, str]

    def organisation(self, code: str) -> UUID:
        """The id of an organisation."""
        return self.organisations[code]

    def person(self, login: str) -> UUID:
        """The id of a person."""
        return self.people[login]

    def organisation_of(self, login: str) -> str:
        """The code of the organisation a person acts for (the first, for the one with two)."""
        return self.home[login]

    def actor(self, login: str, organisation: str = "") -> Actor:
        """A signed-in person, as services take it."""
        return self.actors[login, organisation or self.home[login]]

    def system(self, code: str = "PLATFORM") -> Actor:
        """The scheduler acting for an organisation."""
        kind = next(kind for each, kind, *_ in ORGANISATIONS if each == code)
        return system_actor(organisation_id=self.organisations[code], organisation_kind=kind.value)

    def token(self, login: str, organisation: str = "") -> str:
        """The secret of the bearer token that every person of the world holds."""
        return token_secret(login, organisation or self.home[login])


def token_secret(login: str, organisation: str) -> str:
    return f"gp_test_{login}_{organisation}"


def build_world(database: Database) -> World:
    """Fill an empty database; every person signs in with `PASSWORD`."""
    # The stored hash names its own parameters, so a cheap one also verifies fast.
    cheap_hash = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    with database.write() as session:
        organisations = _add_organisations(session)
        people = _add_people(session, cheap_hash)
        _add_memberships(session, organisations, people)
        _load_tables(session)
    home: dict[str, str] = {}
    for login, code, _role, _name in PEOPLE:
        home.setdefault(login, code)
    with database.read() as session:
        actors = {
            (login, code): _actor(session, people[login], organisations[code])
            for login, code, _role, _name in PEOPLE
        }
    return World(organisations=organisations, people=people, actors=actors, home=home)


def _load_tables(session: Session) -> None:
    """Regions, catalogues, calendar and prices as the files have them; a test's journal begins empty."""
    actor = system_actor(
        organisation_id=PLATFORM_ORGANISATION_ID, organisation_kind=K.PLATFORM.value
    )
    load_reference(session, actor)
    load_market(session, actor)
    forget_pending(session)


def _actor(session: Session, person_id: UUID, organisation_id: UUID) -> Actor:
    actor = actor_for(session, person_id, organisation_id)
    assert actor is not None
    return actor


def _add_organisations(session: Session) -> dict[str, UUID]:
    found = {}
    for code, kind, region_code, name_zh, name_en in ORGANISATIONS:
        row = Organisation(
            id=PLATFORM_ORGANISATION_ID if kind is K.PLATFORM else new_id(),
            kind=kind,
            code=code,
            name_zh=name_zh,
            name_en=name_en,
            region_code=region_code,
            synthetic=True,
            created_at=OPENED_AT,
        )
        session.add(row)
        found[code] = row.id
    session.flush()
    return found


def _add_people(session: Session, password_hash: str) -> dict[str, UUID]:
    found: dict[str, UUID] = {}
    for login, _code, __role, name_zh in PEOPLE:
        if login not in found:
            row = Person(
                login=login,
                name_zh=name_zh,
                name_en=login.title(),
                password_hash=password_hash,
                created_at=OPENED_AT,
            )
            session.add(row)
            found[login] = row.id
    session.flush()
    return found


def _add_memberships(
    session: Session, organisations: dict[str, UUID], people: dict[str, UUID]
) -> None:
    for login, code, role, _name in PEOPLE:
        membership = Membership(
            person_id=people[login],
            organisation_id=organisations[code],
            role=role,
            valid_from=SINCE,
        )
        session.add(membership)
        session.add(_token(login, code, membership))
        session.flush()
        if login in AUTHORITY_FEN:
            session.add(
                AuthorityLimit(
                    membership_id=membership.id,
                    ceiling_fen=AUTHORITY_FEN[login],
                    valid_from=SINCE,
                    basis="授权书（演示）",
                )
            )


def _token(login: str, code: str, membership: Membership) -> ApiToken:
    return ApiToken(
        token_sha256=secret_sha256(token_secret(login, code)),
        title="test",
        person_id=membership.person_id,
        organisation_id=membership.organisation_id,
        scopes=["*"],
        created_at=OPENED_AT,
        expires_at=TOKEN_EXPIRES_AT,
    )
