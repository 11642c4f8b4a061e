"""Repo: the requests about one account's posts, with a log-in that is renewed when it ends."""

from collections.abc import Callable, Mapping, Sequence

from atproto_client import models
from atproto_client.client.raw import ClientRaw

from publisher.base.clock import Clock
from publisher.channels.outgoing import Request
from publisher.model.outcomes import Answer
from publisher.platforms.bluesky.answers import is_expired
from publisher.platforms.bluesky.records import COLLECTION, THREADGATE, Record, commit
from publisher.platforms.bluesky.sessions import (
    AccountSession,
    AppLogin,
    Asking,
    login_server,
    shared,
)
from publisher.platforms.bluesky.spec import ADDRESS
from publisher.platforms.bluesky.xrpc import Way, Xrpc

_LONG_UPLOAD = 5
"""How many times the usual time a video may take: it goes in one request."""
AT_ONCE = 100
"""Posts in one list; a server returns no more (lexicon com.atproto.repo.listRecords)."""


class Repo:
    """Requests of one account, each by one method. Used by one thread at a time.

    Where the account cannot log in, the answer is the one that refused it.
    """

    def __init__(self, credentials: Mapping[str, str], way: Way) -> None:
        """ConfigurationError if the account's own server is not usable."""
        server = login_server(credentials.get("server") or ADDRESS)
        identifier = credentials["identifier"].removeprefix("@")
        self._login = AppLogin(identifier, credentials["app_password"], server)
        self._way = way
        self._shared = shared(self._login, way.base_url)
        self._asking = Asking(self._create, self._refresh)
        self._client: tuple[AccountSession, Xrpc] | None = None

    @property
    def clock(self) -> Clock:
        return self._way.clock

    @property
    def owner_id(self) -> str:
        """The DID of the keys' owner; empty if only the server knows it."""
        return self._login.identifier if self._login.identifier.startswith("did:") else ""

    def session(self) -> AccountSession | Answer:
        """A log-in that lasts a while; the answer that refuses one."""
        return self._shared.obtain(self.clock, self._asking)

    @property
    def known_session(self) -> AccountSession:
        """The log-in that was obtained before; nobody is asked. RuntimeError if there is none."""
        if self._shared.session is None:
            raise RuntimeError("The account is not logged in.")
        return self._shared.session

    def publication(self, keys: Sequence[str], records: Sequence[Record]) -> Request:
        """Build the request that makes posts public, all at once."""
        session = self.known_session
        wish = commit(session.did, keys, records)
        return self._of(session).built(lambda client: client.com.atproto.repo.apply_writes(wish))

    def publish(self, keys: Sequence[str], records: Sequence[Record]) -> Answer:
        """Make posts public, all at once."""
        session = self.known_session
        wish = commit(session.did, keys, records)
        return self._of(session).call(lambda client: client.com.atproto.repo.apply_writes(wish))

    def record(self, key: str) -> Answer:
        """Read a post from the account's own server."""
        get = models.ComAtprotoRepoGetRecord.Params
        return self._ask(
            lambda client, did: client.com.atproto.repo.get_record(
                get(repo=did, collection=COLLECTION, rkey=key)
            )
        )

    def records(self, cursor: str | None) -> Answer:
        """List posts from the account's own server, by their keys, the newest first."""
        query = models.ComAtprotoRepoListRecords.Params
        return self._ask(
            lambda client, did: client.com.atproto.repo.list_records(
                query(repo=did, collection=COLLECTION, limit=AT_ONCE, cursor=cursor)
            )
        )

    def shown(self, keys: Sequence[str]) -> Answer:
        """Read posts as the app view shows them, with their counts; it leaves out what it hides."""
        query = models.AppBskyFeedGetPosts.Params
        return self._ask(
            lambda client, did: client.app.bsky.feed.get_posts(
                query(uris=[f"at://{did}/{COLLECTION}/{key}" for key in keys])
            )
        )

    def posts(self, uris: Sequence[str]) -> Answer:
        """Read anybody's posts as the app view shows them; it leaves out what it hides."""
        query = models.AppBskyFeedGetPosts.Params(uris=list(uris))
        return self._ask(lambda client, _did: client.app.bsky.feed.get_posts(query))

    def thread(self, uri: str) -> Answer:
        """Read anybody's post alone; the app view says if there is none."""
        query = models.AppBskyFeedGetPostThread.Params(uri=uri, depth=0, parent_height=0)
        return self._ask(lambda client, _did: client.app.bsky.feed.get_post_thread(query))

    def notifications(self, reasons: Sequence[str], before: str, limit: int) -> Answer:
        """List what others did with the account, the newest first, before a cursor."""
        query = models.AppBskyNotificationListNotifications.Params(
            reasons=list(reasons), cursor=before or None, limit=limit
        )
        return self._ask(
            lambda client, _did: client.app.bsky.notification.list_notifications(query)
        )

    def threadgate(self, key: str) -> Answer:
        """Read which replies are hidden in a thread, and who may answer in it."""
        get = models.ComAtprotoRepoGetRecord.Params
        return self._ask(
            lambda client, did: client.com.atproto.repo.get_record(
                get(repo=did, collection=THREADGATE, rkey=key)
            )
        )

    def create_threadgate(self, key: str, record: Record) -> Answer:
        """Create the threadgate of a thread; refused where there is one."""
        wish = models.ComAtprotoRepoCreateRecord.Data
        return self._ask(
            lambda client, did: client.com.atproto.repo.create_record(
                wish(repo=did, collection=THREADGATE, rkey=key, record=record)
            )
        )

    def change_threadgate(self, key: str, record: Record, over: str) -> Answer:
        """Replace a threadgate; refused if it is not the one with the CID `over` any more."""
        wish = models.ComAtprotoRepoPutRecord.Data
        return self._ask(
            lambda client, did: client.com.atproto.repo.put_record(
                wish(repo=did, collection=THREADGATE, rkey=key, record=record, swap_record=over)
            )
        )

    def delete(self, key: str) -> Answer:
        """Delete a post; deleting it again is confirmed as well."""
        wish = models.ComAtprotoRepoDeleteRecord.Data
        return self._ask(
            lambda client, did: client.com.atproto.repo.delete_record(
                wish(repo=did, collection=COLLECTION, rkey=key)
            )
        )

    def upload(self, media_type: str, content: bytes) -> Answer:
        """Upload a picture, a video or captions. A server deletes what no post refers to."""
        headers = {"Content-Type": media_type}
        # Not by the library's own method, which warns: it hands bytes over as a form.
        return self._ask(
            lambda client, _did: client.invoke_procedure(
                "com.atproto.repo.uploadBlob", content=content, headers=headers
            ),
            times=_LONG_UPLOAD if media_type.startswith("video/") else 1,
        )

    def service_auth(self, audience: str, method: str, until: int | None = None) -> Answer:
        """Ask for a token with which another service may call a method for the account.

        `until`: when it ends, in seconds since 1970; None: after a minute.
        """
        query = models.ComAtprotoServerGetServiceAuth.Params(aud=audience, lxm=method, exp=until)
        return self._ask(lambda client, _did: client.com.atproto.server.get_service_auth(query))

    def resolve(self, handle: str) -> Answer:
        """Ask which account has a handle."""
        query = models.ComAtprotoIdentityResolveHandle.Params(handle=handle)
        return self._ask(lambda client, _did: client.com.atproto.identity.resolve_handle(query))

    def account(self) -> Answer:
        """Ask whom the log-in belongs to."""
        return self._ask(lambda client, _did: client.com.atproto.server.get_session())

    def profile(self) -> Answer:
        """Ask for the account's public profile."""
        query = models.AppBskyActorGetProfile.Params
        return self._ask(lambda client, did: client.app.bsky.actor.get_profile(query(actor=did)))

    def _ask(self, function: Callable[[ClientRaw, str], object], times: int = 1) -> Answer:
        """Make a request, once more with a new log-in if the server says that this one has ended.

        It did nothing then. `times`: how many times the usual time it may take.
        """
        session = self.session()
        if isinstance(session, Answer):
            return session
        answer = self._call(session, function, times)
        if not is_expired(answer):
            return answer
        renewed = self._shared.obtain(self.clock, self._asking, besides=session)
        return renewed if isinstance(renewed, Answer) else self._call(renewed, function, times)

    def _call(
        self, session: AccountSession, function: Callable[[ClientRaw, str], object], times: int
    ) -> Answer:
        client = self._of(session) if times == 1 else self._new(session, self._way.lasting(times))
        return client.call(lambda client: function(client, session.did))

    def _of(self, session: AccountSession) -> Xrpc:
        """The client of a log-in."""
        if self._client is None or self._client[0] is not session:
            self._client = (session, self._new(session, self._way))
        return self._client[1]

    def _new(self, session: AccountSession, way: Way) -> Xrpc:
        secrets = (self._login.password, session.access, session.refresh)
        return way.client(session.server, secrets, session.access)

    def _create(self) -> Answer:
        wish = models.ComAtprotoServerCreateSession.Data(
            identifier=self._login.identifier, password=self._login.password
        )
        client = self._way.client(self._login.server, (self._login.password,))
        return client.call(lambda client: client.com.atproto.server.create_session(wish))

    def _refresh(self, session: AccountSession) -> Answer:
        # Not the access token: the new one is the same if both were made within a second.
        secrets = (self._login.password, session.refresh)
        client = self._way.client(session.server, secrets, session.refresh)
        return client.call(lambda client: client.com.atproto.server.refresh_session())
