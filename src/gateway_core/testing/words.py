"""What the people of the simulated world say, play and are called: vocabulary for `world`.

Words stand in order of frequency: `Dice.word` takes the first ones most often, as in real text.
"""

# Text in other scripts is what this file is for.
# ruff: noqa: RUF001

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ARTISTS", "EMOJI", "GAMES", "LANGUAGES", "STATUSES", "SYLLABLES", "Language"]


@dataclass(frozen=True, slots=True)
class Language:
    """How messages of one language are put together."""

    locale: str
    """Discord's code of the locale."""
    words: tuple[str, ...]
    """Words, or for languages without blanks between them phrases, the commonest first."""
    names: tuple[str, ...]
    """Given names."""
    blank: str = " "
    """What stands between two words."""
    stops: tuple[str, ...] = (".", "", "", "!", "?", "...")
    """What ends a message; the empty string most often, as in chat."""

    def __post_init__(self) -> None:
        if len(self.words) < 2 or not self.names or not self.stops:
            raise ValueError(f"language {self.locale!r} has too few words, names or stops")


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ENGLISH = Language(
    "en-US",
    _split(
        """the i to you it a and that is in of for on this like just me so no yeah what my but we
        have do be was not get can if its good with lol are know one think all now there ok up at
        or game time really out they did how from when got too still see want more here thanks
        even dont them some people then well would try about need right play does why new said
        server first tomorrow anyone nice thing wait someone stream role weekend actually update
        probably build channel before something guys pretty question finally sorry screenshot
        "later" w/ tbh works\\o/
        """
    ),
    ("Alex", "Sam", "Jordan", "Riley", "Casey", "Morgan", "Quinn", "Avery", "Rowan", "Harper"),
)
_RUSSIAN = Language(
    "ru",
    _split(
        """я не и в на что это а ну да как у так но всё с же он нет мне то вот по уже бы есть за там
        ещё меня только если когда они сейчас было тебя можно просто надо или где кто почему очень
        ладно спасибо тоже вчера сегодня завтра играть сервер народ кстати вообще нормально понял
        хорошо человек время видел хочу думаю наверное опять работает блин роль обновление вечером
        голосовой
        """
    ),
    ("Аня", "Миша", "Лена", "Дима", "Катя", "Саша", "Игорь", "Оля", "Ваня", "Юля"),
    stops=("", "", "", ")", "))", "?", "!"),
)
_JAPANESE = Language(
    "ja",
    _split(
        """です ます から って それ これ なんか ちょっと 今日 ね よ けど でも 明日 まだ もう 本当に
        そう だと思う ありがとう ゲーム 一緒に やる 見た 好き すごい わかる 時間 大丈夫 どこ なに
        誰か 新しい 配信 サーバー 通話 遊ぼう 眠い お疲れ 了解 楽しい 週末 先に 無理 かわいい
        イベント
        """
    ),
    ("ゆき", "はると", "さくら", "れん", "みお", "そうた", "ひな", "かいと", "あおい", "りく"),
    blank="",
    stops=("", "", "。", "！", "？", "w", "笑"),
)
_SPANISH = Language(
    "es-ES",
    _split(
        """que de no a la el y en lo es me se un por si pero con para una ya como te mi los al más
        bien todo eso está yo hay cuando muy ahora jaja también algo gracias nada vamos aquí
        quiero porque hoy mañana jugar tengo sé creo servidor mejor gente puedes después luego día
        canción años corazón
        """
    ),
    ("Lucía", "Mateo", "Sofía", "Hugo", "Martina", "Álvaro", "Inés", "Pablo", "Noa", "Iker"),
)
_GERMAN = Language(
    "de",
    _split(
        """ich das die ist nicht du und ja der es was so auch in wir mal aber hab zu mir noch dann
        wie ein mit auf schon da nur heute wenn für gut doch jetzt kann gerade nein immer spielen
        morgen wieder halt einfach danke weiß warum vielleicht über könnte Server Leute später
        möchte größer Kanal schön
        """
    ),
    ("Lena", "Jonas", "Mia", "Finn", "Jürgen", "Zoë", "Björn", "Käthe", "Emil", "Frieda"),
)
_PORTUGUESE = Language(
    "pt-BR",
    _split(
        """que eu não é o de a e pra um vc na mas com tá do no se me uma isso aqui mano por ele já
        tem vou ser bom agora muito mais como kkkk só hoje também quando foi jogar assim obrigado
        alguém você amanhã então acho quem depois servidor gente coração
        """
    ),
    ("João", "Beatriz", "Davi", "Larissa", "Caio", "Júlia", "Otávio", "Manuela", "Luís", "Íris"),
)
_KOREAN = Language(
    "ko",
    _split(
        """나 그 이거 진짜 근데 지금 오늘 왜 뭐 그래서 좀 너무 다 아니 내일 우리 같이 게임 ㅋㅋㅋ
        그냥 많이 없어 있어 하면 알아 좋아 다시 먼저 고마워 시간 서버 혹시 누가 했는데 맞아 아직
        괜찮아 방송 주말
        """
    ),
    ("민준", "서연", "도윤", "하은", "지호", "수아", "예준", "지우", "현우", "채원"),
    stops=("", "", "", "?", "!", "ㅠㅠ"),
)

LANGUAGES: tuple[Language, ...] = (
    *(_ENGLISH,) * 7,
    *(_RUSSIAN,) * 3,
    *(_JAPANESE,) * 2,
    *(_SPANISH,) * 2,
    *(_PORTUGUESE,) * 2,
    *(_GERMAN,) * 2,
    _KOREAN,
)
"""Languages, each as often as it is spoken in the world."""

EMOJI: tuple[str, ...] = _split(
    "😂 ❤️ 👍 😭 🔥 🎉 😅 🤔 👀 💀 🙏 ✅ 😍 🥺 🫡 👏 🤣 💜 ☕ 🦊 👋🏽 🏳️‍🌈 👨‍👩‍👧 🇯🇵 🧜‍♀️ 🪵"
)
"""Emoji, the commonest first; some are of several code points."""

GAMES: tuple[tuple[str, str, str], ...] = (
    ("Harbour Master", "Docking, night shift", "Solo"),
    ("Глубина", "Погружение: 214 м", "В одиночку"),
    ("星渡り II", "第七章「灯台」", "パーティー"),
    ("Ashfall Tactics", "Ranked — 1,204 MMR", "In Queue"),
    ("Brasseurs", "Cuvée n°3 \\ été", "En ligne"),
    ("Tiny Railways", "Hauling timber", "Sandbox"),
    ("KICKOFF 26", "4:1, 77'", "Division 3"),
    ("Visual Editor", 'Editing "shard.py"', "Workspace: gateway"),
)
"""Games: name, details, state."""

ARTISTS: tuple[tuple[str, str, str], ...] = (
    ("Nine Lanterns", "Slow Ferry", "Low Tide"),
    ("Ольга и Ветер", "Февраль", "Север"),
    ("夜更かし", "回送電車", "終点"),
    ("Mareá", "Corazón de sal", "Orilla"),
    ("Ulf & the Owls", "Øst", "Fjærkre"),
)
"""Music: artist, song, album."""

STATUSES: tuple[str, ...] = (
    "afk",
    "работаю, не тегать",
    "お仕事中",
    "in a meeting :(",
    '"soon"',
    "estudiando 📚",
    "brb coffee",
    "kaputt",
)
"""Texts of custom statuses."""

SYLLABLES: tuple[str, ...] = _split(
    """ka ri mo to shi lu ne va do pe zu mi ra ko te no ba sa li fe gu ha jo ny qui ro se ti wen
        xo ya zen brix cor dex fal
        """
)
"""Pieces of user names."""
