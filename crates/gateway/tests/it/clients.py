"""OpenAI's and Anthropic's own clients, unchanged but for where they are pointed.

Each function is one thing that a program does with a client; it says by an assertion what came of
it. `clients.rs` starts the gateway, the scripted model behind it, and this.
"""

import asyncio
import json
import os
import sys

import anthropic
import openai

URL = os.environ["GATEWAY_URL"]
TOKEN = os.environ["GATEWAY_TOKEN"]

OPENAI = openai.OpenAI(base_url=f"{URL}/v1", api_key=TOKEN)
ANTHROPIC = anthropic.Anthropic(base_url=URL, api_key=TOKEN)
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
CHAT_TOOL = {
    "type": "function",
    "function": {"name": "weather", "description": "The weather", "parameters": SCHEMA},
}
RESPONSES_TOOL = {
    "type": "function",
    "name": "weather",
    "description": "The weather",
    "parameters": SCHEMA,
    "strict": False,
}
MESSAGES_TOOL = {"name": "weather", "description": "The weather", "input_schema": SCHEMA}
ASKED = "How is the weather in Oslo?"
SAID = "It rains in Oslo."


def weather(arguments):
    assert arguments == {"city": "Oslo"}, arguments
    return "rain"


def chat(model):
    messages = [{"role": "user", "content": ASKED}]
    first = OPENAI.chat.completions.create(model=model, messages=messages, tools=[CHAT_TOOL])
    choice = first.choices[0]
    assert choice.finish_reason == "tool_calls", first
    call = choice.message.tool_calls[0]
    messages.append(choice.message)
    result = weather(json.loads(call.function.arguments))
    messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    second = OPENAI.chat.completions.create(model=model, messages=messages, tools=[CHAT_TOOL])
    assert second.choices[0].message.content == SAID, second
    assert second.usage.prompt_tokens == 1000, second.usage
    assert second.usage.prompt_tokens_details.cached_tokens == 400, second.usage


def chat_stream(model):
    messages = [{"role": "user", "content": ASKED}]
    name, arguments, call = "", "", ""
    with OPENAI.chat.completions.create(
        model=model, messages=messages, tools=[CHAT_TOOL], stream=True
    ) as stream:
        for chunk in stream:
            # As older programs do: each chunk has a choice, if usage was not asked for.
            for piece in chunk.choices[0].delta.tool_calls or []:
                call = piece.id or call
                name += piece.function.name or ""
                arguments += piece.function.arguments or ""
    assert name == "weather", name
    result = weather(json.loads(arguments))
    function = {"name": name, "arguments": arguments}
    messages += [
        {"role": "assistant", "tool_calls": [{"id": call, "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": call, "content": result},
    ]
    text, usage = "", None
    for chunk in OPENAI.chat.completions.create(
        model=model,
        messages=messages,
        tools=[CHAT_TOOL],
        stream=True,
        stream_options={"include_usage": True},
    ):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
    assert text == SAID, text
    assert usage.completion_tokens == 50, usage


def async_chat(model):
    """A conversation, and a stream, from the other client; several at a time."""

    async def one(client):
        asked = [{"role": "user", "content": ASKED}]
        create = client.chat.completions.create
        first = await create(model=model, messages=asked, tools=[CHAT_TOOL])
        call = first.choices[0].message.tool_calls[0]
        result = weather(json.loads(call.function.arguments))
        asked.append(first.choices[0].message)
        asked.append({"role": "tool", "tool_call_id": call.id, "content": result})
        stream = await create(model=model, messages=asked, tools=[CHAT_TOOL], stream=True)
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
        assert text == SAID, text

    async def several():
        async with openai.AsyncOpenAI(base_url=f"{URL}/v1", api_key=TOKEN) as client:
            await asyncio.gather(*(one(client) for _ in range(3)))

    asyncio.run(several())


def embeddings(model):
    answer = OPENAI.embeddings.create(model=model, input=["some", "text"])
    assert [one.embedding for one in answer.data] == [[0.25, -1.0], [0.5, 2.0]], answer
    assert answer.usage.prompt_tokens == 8, answer.usage


def responses(model):
    asked = [{"role": "user", "content": ASKED}]
    first = OPENAI.responses.create(model=model, input=asked, tools=[RESPONSES_TOOL], store=False)
    call = next(item for item in first.output if item.type == "function_call")
    result = weather(json.loads(call.arguments))
    asked += first.output
    asked.append({"type": "function_call_output", "call_id": call.call_id, "output": result})
    second = OPENAI.responses.create(model=model, input=asked, tools=[RESPONSES_TOOL], store=False)
    assert second.output_text == SAID, second
    assert second.usage.input_tokens == 1000, second.usage


def responses_stream(model):
    asked = [{"role": "user", "content": ASKED}]
    with OPENAI.responses.stream(
        model=model, input=asked, tools=[RESPONSES_TOOL], store=False
    ) as stream:
        for _ in stream:
            pass
        first = stream.get_final_response()
    call = next(item for item in first.output if item.type == "function_call")
    result = weather(json.loads(call.arguments))
    asked.append({
        "type": "function_call", "call_id": call.call_id, "name": call.name,
        "arguments": call.arguments,
    })
    asked.append({"type": "function_call_output", "call_id": call.call_id, "output": result})
    text = ""
    with OPENAI.responses.stream(
        model=model, input=asked, tools=[RESPONSES_TOOL], store=False
    ) as stream:
        for event in stream:
            if event.type == "response.output_text.delta":
                text += event.delta
        assert stream.get_final_response().output_text == SAID
    assert text == SAID, text


def messages(model):
    said = [{"role": "user", "content": ASKED}]
    first = ANTHROPIC.messages.create(
        model=model, max_tokens=100, messages=said, tools=[MESSAGES_TOOL]
    )
    assert first.stop_reason == "tool_use", first
    call = next(block for block in first.content if block.type == "tool_use")
    result = {"type": "tool_result", "tool_use_id": call.id, "content": weather(call.input)}
    said += [
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [result]},
    ]
    second = ANTHROPIC.messages.create(
        model=model, max_tokens=100, messages=said, tools=[MESSAGES_TOOL], system="Be brief."
    )
    assert second.content[0].text == SAID, second
    assert second.usage.input_tokens == 600, second.usage
    assert second.usage.cache_read_input_tokens == 400, second.usage


def messages_stream(model):
    said = [{"role": "user", "content": ASKED}]
    with ANTHROPIC.messages.stream(
        model=model, max_tokens=100, messages=said, tools=[MESSAGES_TOOL]
    ) as stream:
        first = stream.get_final_message()
    call = next(block for block in first.content if block.type == "tool_use")
    result = {"type": "tool_result", "tool_use_id": call.id, "content": weather(call.input)}
    said += [
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": call.id, "name": call.name, "input": call.input},
        ]},
        {"role": "user", "content": [result]},
    ]
    with ANTHROPIC.messages.stream(
        model=model, max_tokens=100, messages=said, tools=[MESSAGES_TOOL]
    ) as stream:
        assert "".join(stream.text_stream) == SAID
        assert stream.get_final_message().usage.output_tokens == 50


def refusals(model):
    """Errors are the clients' own, and none is asked again that can't be mended by that."""
    wrong = openai.OpenAI(base_url=f"{URL}/v1", api_key="forged")
    ask = {"model": model, "messages": [{"role": "user", "content": "a"}]}
    try:
        wrong.chat.completions.create(**ask)
    except openai.AuthenticationError as error:
        assert error.code == "invalid_api_key", error
    else:
        raise AssertionError("it was taken")
    try:
        anthropic.Anthropic(base_url=URL, api_key="forged").messages.create(max_tokens=9, **ask)
    except anthropic.AuthenticationError as error:
        assert error.body["error"]["type"] == "authentication_error", error.body
    else:
        raise AssertionError("it was taken")
    poor = os.environ["GATEWAY_POOR_TOKEN"]
    try:
        openai.OpenAI(base_url=f"{URL}/v1", api_key=poor).chat.completions.create(**ask)
    except openai.RateLimitError as error:
        assert error.code == "insufficient_quota", error
        assert "Left there" in str(error), error
    else:
        raise AssertionError("it was paid")
    try:
        anthropic.Anthropic(base_url=URL, api_key=poor).messages.create(max_tokens=9, **ask)
    except anthropic.APIStatusError as error:
        assert error.status_code == 402 and "Left there" in str(error), error
    else:
        raise AssertionError("it was paid")
    try:
        OPENAI.chat.completions.create(**{**ask, "model": "none"})
    except openai.NotFoundError as error:
        assert error.code == "model_not_found", error
    else:
        raise AssertionError("there is none")


def models(model):
    assert model in [there.id for there in OPENAI.models.list()]
    assert model in [there.id for there in ANTHROPIC.models.list()]


if __name__ == "__main__":
    for name in sys.argv[2:]:
        globals()[name](sys.argv[1])
        print(name)
