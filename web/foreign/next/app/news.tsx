"use client";
import { CarillonProvider, useConnection, useTopic } from "carillon-react";
import { useState } from "react";

function Last({ topic }: { topic: string }) {
  const event = useTopic<string>(topic);
  return <p id={topic}>{event?.data ?? "nothing yet"}</p>;
}

function State() {
  return <p id="state">{useConnection().status}</p>;
}

/** One stream, whose topics change while it is open. */
export function News() {
  const [more, setMore] = useState(false);
  return (
    <CarillonProvider url="/api/stream?envelope=full">
      <State />
      <Last topic="news" />
      {more ? <Last topic="chat" /> : <button onClick={() => setMore(true)}>chat too</button>}
    </CarillonProvider>
  );
}
