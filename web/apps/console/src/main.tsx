import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.js";
import "./design/fonts.css";
import "./design/tokens.css";
import "./design/base.css";
import "./ui/ui.css";
import "./shell/shell.css";

createRoot(document.getElementById("app")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
