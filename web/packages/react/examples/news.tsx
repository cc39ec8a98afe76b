// A page that shows what is published to `news`.
import { CarillonProvider, useConnection, useTopic } from "carillon-react";
import { useState } from "react";
import { createRoot } from "react-dom/client";

function News() {
  const { isConnected } = useConnection();
  const [headlines, setHeadlines] = useState<string[]>([]);
  useTopic<{ text: string }>("news", ({ data }) => setHeadlines((before) => [data.text, ...before]));
  return (
    <main>
      <p role="status">{isConnected ? "live" : "connecting …"}</p>
      <ul>
        {headlines.map((text, n) => (
          <li key={headlines.length - n}>{text}</li>
        ))}
      </ul>
    </main>
  );
}

createRoot(document.body.appendChild(document.createElement("div"))).render(
  <CarillonProvider url="http://localhost:3000/events/subscribe">
    <News />
  </CarillonProvider>,
);
