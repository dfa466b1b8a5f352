"""The goods of the made-up shop: 12 categories of 20 goods, and words that describe them.

The first two goods of a category go together: who buys a kettle is likely to want a teapot next.
"""

from __future__ import annotations

import numpy as np

# category: (median price in euro, words for descriptions, goods)
_CATALOGUE: dict[str, tuple[float, str, str]] = {
    "tea": (
        14.0,
        "hot water leaf steep brew cup warm fragrant",
        "kettle, teapot, tea strainer, tea caddy, teacup, tea cosy, green tea, black tea, "
        "mint tea, rooibos, matcha whisk, matcha bowl, tea tray, honey dipper, sugar bowl, "
        "milk jug, tea timer, infuser mug, lemon squeezer, biscuit tin",
    ),
    "table": (
        18.0,
        "dinner linen serve guests lay setting meal host",
        "tablecloth, napkins, place mats, table runner, dinner plate, soup bowl, salad bowl, "
        "bread basket, butter dish, salt cellar, pepper mill, gravy boat, cutlery set, "
        "steak knives, wine glass, water carafe, trivet, coasters, cake stand, serving spoon",
    ),
    "party": (
        9.0,
        "celebrate cold drinks birthday friends music night fun",
        "ice bucket, ice tongs, balloons, bunting, paper plates, party hats, punch bowl, "
        "cocktail shaker, drinking straws, paper lantern, confetti, sparklers, birthday candles, "
        "photo booth frame, glow sticks, pinata, streamers, noise maker, badges, song cards",
    ),
    "gifts": (
        12.0,
        "present surprise wrap give thank occasion card someone",
        "gift card, gift box, wrapping paper, ribbon, gift bag, greeting card, thank-you notes, "
        "photo frame, keyring, scented candle, chocolate box, soap set, music box, jewellery box, "
        "lucky charm, memory album, pocket mirror, postcard set, gift tags, tissue paper",
    ),
    "baking": (
        11.0,
        "flour oven sweet dough bake sugar kitchen recipe",
        "rolling pin, pastry mat, cake tin, muffin tray, whisk, mixing bowl, flour sieve, "
        "kitchen scale, cookie cutters, piping bag, baking paper, oven gloves, bread tin, "
        "pie dish, dough scraper, cooling rack, pastry brush, measuring cups, vanilla pods, yeast",
    ),
    "garden": (
        16.0,
        "soil plant grow outdoor green spring water bloom",
        "watering can, flower pot, trowel, seed tray, tomato seeds, tulip bulbs, garden gloves, "
        "pruning shears, rake, hose, bird feeder, bird bath, compost bin, wheelbarrow, "
        "plant labels, garden twine, lawn sprinkler, potting soil, sun hat, bee hotel",
    ),
    "bath": (
        13.0,
        "soft clean skin relax steam wash spa soap",
        "bath towel, bath mat, bathrobe, shower curtain, soap dish, sponge, bath salts, "
        "bubble bath, hand cream, face cloth, toothbrush cup, back brush, pumice stone, "
        "bath pillow, slippers, laundry basket, shaving brush, hair towel, rubber duck, bath tray",
    ),
    "desk": (
        10.0,
        "write paper office study tidy work ink notes",
        "notebook, fountain pen, ink bottle, pencil case, desk lamp, letter tray, stapler, "
        "paper clips, sticky notes, ruler, eraser, sharpener, calendar, envelopes, "
        "letter opener, globe, bookend, cork board, drawing pins, desk mat",
    ),
    "toys": (
        15.0,
        "play child game wooden colour learn puzzle bright",
        "train set, train tracks, building blocks, doll, doll house, teddy bear, kite, yo-yo, "
        "marbles, jigsaw, spinning top, toy car, toy garage, hand puppet, skipping rope, "
        "board game, dice, rocking horse, crayons, modelling clay",
    ),
    "sewing": (
        8.0,
        "thread fabric stitch craft pattern cotton handmade wool",
        "sewing kit, needle case, thread box, thimble, fabric scissors, pin cushion, "
        "measuring tape, buttons, zips, cotton fabric, felt sheets, knitting needles, wool ball, "
        "crochet hook, embroidery hoop, pattern book, iron-on patches, elastic band, "
        "tailor chalk, seam ripper",
    ),
    "cycling": (
        24.0,
        "bike ride road wheel safe light sport travel",
        "bike helmet, bike lock, bike bell, bike pump, front light, rear light, puncture kit, "
        "spare tube, chain oil, saddle, saddle bag, pannier, bottle cage, water bottle, "
        "cycling gloves, rain cape, trouser clips, bike stand, child seat, map holder",
    ),
    "camping": (
        28.0,
        "tent outdoor night trail fire pack sleep mountain",
        "tent, sleeping bag, sleeping mat, camping stove, gas bottle, head torch, lantern, "
        "camping chair, folding table, cool box, rucksack, compass, pocket knife, "
        "water filter, tent pegs, hammock, mess tin, fire starter, thermos, rain poncho",
    ),
}

CATEGORIES = tuple(_CATALOGUE)
MEDIAN_PRICES = tuple(price for price, _, _ in _CATALOGUE.values())
WORDS = tuple(tuple(words.split()) for _, words, _ in _CATALOGUE.values())
GOODS = tuple(tuple(goods.split(", ")) for _, _, goods in _CATALOGUE.values())
N_GOODS = sum(map(len, GOODS))


def name_goods(n_items: int) -> list[str]:
    """Return the names of goods 1..n_items; good ``i`` has category ``(i - 1) % 12``.

    Beyond the 240 named by hand the names repeat with a number: ``"kettle no. 2"``.

    >>> name_goods(253)[::240]
    ['kettle', 'kettle no. 2']
    """
    by_rank = [goods[rank] for rank in range(len(GOODS[0])) for goods in GOODS]
    names = [by_rank[i % N_GOODS] for i in range(n_items)]
    return [
        name if i < N_GOODS else f"{name} no. {i // N_GOODS + 1}" for i, name in enumerate(names)
    ]


def describe(names: list[str], rng: np.random.Generator) -> tuple[str, ...]:
    """Return 3 to 6 words for each good: its name and some words of its category.

    >>> describe(["kettle"], np.random.default_rng(0))
    ('kettle leaf brew steep warm cup',)
    """
    lengths = rng.integers(3, 7, len(names))
    orders = rng.permuted(np.tile(np.arange(len(WORDS[0])), (len(names), 1)), axis=1)
    texts = []
    for i, name in enumerate(names):
        own = name.split(" no. ")[0].split()
        words = WORDS[i % len(WORDS)]
        extra = [words[w] for w in orders[i] if words[w] not in own]
        texts.append(" ".join([*own, *extra[: lengths[i] - len(own)]]))
    return tuple(texts)
