"""What each exercise practises: every exercise stands under one topic."""

from __future__ import annotations

TOPICS: dict[str, str] = {
    "Normalisers and temperature": "2.1 2.2 2.3 2.4 2.5 5.2 5.3 10.3",
    "Attention from its formula": "2.6 3.2 5.1 5.4 7.2 10.1 10.2 10.4 10.5",
    "Heads and interests": "3.3 5.5 12.1 12.2 12.3 12.4 12.6 16.6",
    "Masks, leaks and audits": "3.1 3.5 5.6 7.1 8.5 11.1 11.2 13.6",
    "Attention as a stream": "3.4 3.6 11.5 14.1 14.2",
    "Rankings, shelves and variety": "1.1 4.1 4.2 4.3 4.6 10.6 12.5 16.1 16.5 20.2",
    "Neighbours, segments and graphs": "1.2 1.3 1.5 15.1 15.2 15.3 15.4",
    "Logs, splits and negatives": "6.1 6.2 6.3 6.4 6.5 6.6 7.3 11.3 11.6 15.5",
    "Models, losses and sizes": "7.4 7.5 7.6 11.4 15.6 16.2 16.3 16.4",
    "Several kinds of content": "13.1 13.2 13.3 13.4 13.5",
    "Metrics and ties": "4.5 8.1 8.2 8.3 8.4",
    "Intervals, tests and experiments": "8.6 9.1 9.2 9.3 9.4 9.6 20.5",
    "Chance, bandits and logs of choices": "4.4 9.5 14.6",
    "Guards and alarms": "14.3 14.4 14.5 20.6",
    "Explanations": "1.6 17.1 17.2 17.3 17.4 17.5 17.6",
    "Privacy": "18.1 18.2 18.3 18.4 18.5 18.6",
    "Attack and fairness": "1.4 19.1 19.2 19.3 19.4 19.5 19.6",
    "Markets and learners": "20.1 20.3 20.4",
}
